// Figures with their units. A missing figure is a dash.

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export function amount(value) {
    if (value === null) {
        return "-";
    }
    const units = [[1e9, " G"], [1e6, " M"], [1e4, " k"]];
    const [unit, name] = units.find(([unit]) => value >= unit) ?? [1, ""];
    return `${number.format(value / (name === " k" ? 1e3 : unit))}${name}`;
}

export function share(value) {
    return value === null ? "-" : `${number.format(100 * value)} %`;
}

export function seconds(value) {
    if (value === null) {
        return "-";
    }
    const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"], [1e-3, "ms"], [1e-6, "µs"]];
    const [unit, name] = units.find(([unit]) => value >= unit) ?? [1, "s"];
    return `${number.format(value / unit)} ${name}`;
}

export function bytes(value) {
    if (value === null) {
        return "-";
    }
    const units = [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]];
    const [unit, name] = units.find(([unit]) => value >= unit) ?? [1, "bytes"];
    return `${number.format(value / unit)} ${name}`;
}
