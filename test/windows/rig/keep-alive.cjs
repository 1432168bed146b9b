// Loaded into each program of the suite: Wine fails a connection whose keep-alive is set before it is made; Windows
// does not.
"use strict";
const { Socket } = require("node:net");

const { setKeepAlive } = Socket.prototype;
Socket.prototype.setKeepAlive = function (...args) {
  return this.connecting ? this : setKeepAlive.apply(this, args);
};
