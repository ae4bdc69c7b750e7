import { describe, expect, it } from "vitest";
import { chooseProxy, describeProxy } from "./proxy.ts";

const PROXY = "http://proxy.example:3128";
const PORTS = "192.168.1.2:81, 192.168.1.3:443, [2001:db8::52:0:2]:81, [2001:db8::52:0:3]:443";
const NO_PROXY = `foobar.com, .barbaz.net, *.wildcard.io, 192.168.1.1, 10.0.0.0/30, 2001:db8::52:0:1, 2002:db8:a::45/64, ${PORTS}`;

describe("NO_PROXY is read as Go's httpproxy reads it", () => {
  it.each([
    { host: "localhost", isProxied: false },
    { host: "127.0.0.1", isProxied: false },
    { host: "127.9.9.9:6443", isProxied: false },
    { host: "[::1]", isProxied: false },
    { host: "[::ffff:127.0.0.1]", isProxied: false },
    { host: "[::2]", isProxied: true },
    { host: "192.168.1.1", isProxied: false },
    { host: "192.168.1.1:6443", isProxied: false },
    { host: "192.168.1.2", isProxied: true },
    { host: "192.168.1.3", isProxied: false },
    { host: "192.168.1.3:6443", isProxied: true },
    { host: "192.168.1.4", isProxied: true },
    { host: "10.0.0.2", isProxied: false },
    { host: "[::ffff:10.0.0.2]", isProxied: false },
    { host: "10.0.0.4", isProxied: true },
    { host: "[2001:db8::52:0:1]", isProxied: false },
    { host: "[2001:db8::52:0:2]", isProxied: true },
    { host: "[2001:db8::52:0:3]", isProxied: false },
    { host: "[2002:db8:a::123]", isProxied: false },
    { host: "[fe80::424b:c8be:1643:a1b6]", isProxied: true },
    { host: "barbaz.net", isProxied: true },
    { host: "www.barbaz.net", isProxied: false },
    { host: "foobar.com", isProxied: false },
    { host: "FooBar.com", isProxied: false },
    { host: "www.foobar.com", isProxied: false },
    { host: "foofoobar.com", isProxied: true },
    { host: "baz.com", isProxied: true },
    { host: "localhost.net", isProxied: true },
    { host: "local.localhost", isProxied: true },
    { host: "wildcard.io", isProxied: true },
    { host: "nested.wildcard.io", isProxied: false },
    { host: "awildcard.io", isProxied: true },
  ])("$host goes through the proxy: $isProxied", ({ host, isProxied }) => {
    const proxy = chooseProxy(new URL(`https://${host}`), undefined, { HTTPS_PROXY: PROXY, NO_PROXY });
    expect(proxy !== undefined).toBe(isProxied);
  });

  it.each([
    { list: "*", isProxied: false },
    { list: "other.example, *", isProxied: false },
    { list: ":443", isProxied: true },
    { list: "0.0.0.0/0", isProxied: false },
    { list: "::/0", isProxied: true },
    { list: "10.0.0.0/33, 203.0.113, 203.0.113.07", isProxied: true },
    { list: "", isProxied: true },
  ])("of 203.0.113.7 the list «$list» says: $isProxied", ({ list, isProxied }) => {
    const proxy = chooseProxy(new URL("https://203.0.113.7"), undefined, { https_proxy: PROXY, no_proxy: list });
    expect(proxy !== undefined).toBe(isProxied);
  });
});

describe("the proxy is", () => {
  const server = new URL("https://k8s.example:6443");
  it.each([
    { name: "none without any variable", env: {}, url: undefined },
    { name: "HTTPS_PROXY", env: { HTTPS_PROXY: PROXY, https_proxy: "http://lower" }, url: PROXY },
    { name: "https_proxy where the other is empty", env: { HTTPS_PROXY: "", https_proxy: PROXY }, url: PROXY },
    { name: "not HTTP_PROXY for an https server", env: { HTTP_PROXY: PROXY }, url: undefined },
    { name: "not ALL_PROXY, which Go does not know", env: { ALL_PROXY: PROXY }, url: undefined },
    { name: "http where no scheme is written", env: { HTTPS_PROXY: "10.0.0.1:3128" }, url: "http://10.0.0.1:3128" },
    { name: "http where a name is written alone", env: { HTTPS_PROXY: "proxy" }, url: "http://proxy" },
    { name: "a name that looks like a scheme", env: { HTTPS_PROXY: "proxy:3128" }, url: "http://proxy:3128" },
    { name: "an https one", env: { HTTPS_PROXY: "https://proxy:8443" }, url: "https://proxy:8443" },
    { name: "a SOCKS one", env: { HTTPS_PROXY: "socks5://proxy:1080" }, url: "socks5://proxy:1080" },
  ])("$name", ({ env, url }) => {
    expect(chooseProxy(server, undefined, env)?.url.href).toBe(url === undefined ? undefined : new URL(url).href);
  });

  it("HTTP_PROXY for an http server", () => {
    const env = { HTTP_PROXY: PROXY, HTTPS_PROXY: "http://other" };
    expect(chooseProxy(new URL("http://k8s.example"), undefined, env)?.setBy).toBe("HTTP_PROXY");
  });

  it("the kubeconfig's before the environment's, whatever NO_PROXY says, and for loopback too", () => {
    const env = { HTTPS_PROXY: "http://other", NO_PROXY: "*" };
    const proxy = chooseProxy(new URL("https://127.0.0.1:6443"), PROXY, env);
    expect(proxy?.url.href).toBe(`${PROXY}/`);
    expect(proxy?.setBy).toBe("proxy-url in the kubeconfig");
  });

  it("shown without its password", () => {
    const proxy = chooseProxy(server, undefined, { HTTPS_PROXY: "http://user:secret@proxy:3128" });
    expect(proxy && describeProxy(proxy)).toBe("the proxy http://proxy:3128 (HTTPS_PROXY)");
  });

  it.each([
    { text: "ftp://user:secret@proxy", proxyUrl: undefined },
    { text: "proxy:3128", proxyUrl: "proxy:3128" },
    { text: "http://", proxyUrl: "http://" },
  ])("refused where it cannot be used: $text", ({ text, proxyUrl }) => {
    const choose = () => chooseProxy(server, proxyUrl, { HTTPS_PROXY: text });
    expect(choose).toThrow(/^Cannot use the proxy of (HTTPS_PROXY|proxy-url in the kubeconfig): "/);
    expect(choose).not.toThrow(/secret/);
  });
});
