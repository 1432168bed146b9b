/** The usual proxy variables, as read by the configuration. */
export interface ProxySettings {
  httpProxy: string | undefined;
  httpsProxy: string | undefined;
  noProxy: string | undefined;
}

// The names of this machine are never reached through a proxy.
export { isLoopback } from "../core/hosts.ts";
