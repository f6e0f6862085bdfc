// Has servers of this process listen on 127.0.0.1 only: the origin of the suite would listen on every
// address of the machine.
import net from 'node:net'

const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (port, ...rest) {
  const callback = rest.find(it => typeof it === 'function')
  return listen.call(this, { port: Number(port), host: '127.0.0.1' }, callback)
}
