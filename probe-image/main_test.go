package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// program is the agent, built once for all tests that need real processes.
var program string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "netproof-probe")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		program = filepath.Join(dir, "netproof-probe")
		build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=0.0.0-test", "-o", program, ".")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stderr = os.Stderr
		if err := build.Run(); err != nil {
			panic(err)
		}
		return m.Run()
	}())
}

const (
	testKey  = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	otherKey = "ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
	testUID  = "6f1d3c3e-0000-4000-8000-000000000001"
	patience = 10 * time.Second
)

// A place is where processes run: on this machine, or in a network namespace of the test's own.
type place []string

var here place

func (p place) command(args ...string) *exec.Cmd {
	all := append(append([]string{}, p...), args...)
	return exec.Command(all[0], all[1:]...)
}

var controls int64

// controlName is unique, because tests share this machine's namespace of abstract sockets.
func controlName() string {
	return fmt.Sprintf("@netproof-probe-test-%d-%d", os.Getpid(), atomic.AddInt64(&controls, 1))
}

// agent is a serving process.
type agent struct {
	place   place
	control string
	process *exec.Cmd
}

func (p place) serve(t testing.TB, flags ...string) *agent {
	t.Helper()
	a := &agent{place: p, control: controlName()}
	a.start(t, flags...)
	return a
}

func (a *agent) start(t testing.TB, flags ...string) {
	t.Helper()
	a.process = a.place.command(append([]string{program, "serve", "--control", a.control, "--deadline", "60s"}, flags...)...)
	a.process.Env = append(os.Environ(), "POD_UID="+testUID)
	a.process.Stderr = os.Stderr
	if err := a.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.kill)
}

func (a *agent) kill() {
	a.process.Process.Kill()
	a.process.Wait()
}

// client drives a session and checks on the way that its lines are numbered without gaps.
type client struct {
	t       testing.TB
	process *exec.Cmd
	stdin   io.WriteCloser
	stdout  *bufio.Reader
	lines   int
}

// object is any line, decoded.
type object struct {
	Line, ID, Batch, Results, Late, Lines, Forgotten, MaxInFlight int
	Type, Outcome, Instance, UID, SeenAs, Errno, Message, Version string
	At, Ms                                                        float64
	IsLate                                                        bool
	Arrived                                                       []arrival
	Health                                                        []float64
	Addresses                                                     []string
	Listening                                                     map[string][]int
	NotListening                                                  []notListening
}

func (a *agent) session(t testing.TB) *client {
	t.Helper()
	c := &client{t: t, process: a.place.command(program, "session", "--control", a.control)}
	stdin, err := c.process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stdin, c.stdout = stdin, bufio.NewReader(stdout)
	c.process.Stderr = io.Discard
	if err := c.process.Start(); err != nil {
		t.Fatal(err)
	}
	// Whatever a test waits for in vain ends here, as the end of stdout.
	timer := time.AfterFunc(patience, func() { c.process.Process.Kill() })
	t.Cleanup(func() {
		timer.Stop()
		c.process.Process.Kill()
		c.process.Wait()
	})
	return c
}

// open starts a session and gives its hello.
func (a *agent) open(t testing.TB) (*client, object) {
	t.Helper()
	c := a.session(t)
	c.send(openCommand(testKey))
	return c, c.next("hello")
}

type fields = map[string]any

func openCommand(key string) fields {
	return fields{"type": "open", "protocol": 1, "key": key, "deadlineMs": 60000, "heartbeatMs": 60000}
}

func (c *client) send(command any) {
	c.t.Helper()
	text, err := json.Marshal(command)
	if err != nil {
		c.t.Fatal(err)
	}
	c.write(string(text) + "\n")
}

func (c *client) write(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.stdin, text); err != nil {
		c.t.Fatal(err)
	}
}

// read gives the next line, or ok false at the end.
func (c *client) read() (o object, ok bool) {
	c.t.Helper()
	text, err := c.stdout.ReadBytes('\n')
	if err == io.EOF && len(text) == 0 {
		return o, false
	}
	if err != nil {
		c.t.Fatalf("the session's output broke off: %q, %v", text, err)
	}
	o, err = parseObject(text)
	if err != nil {
		c.t.Fatalf("%v: %s", err, text)
	}
	if c.lines++; o.Line != c.lines {
		c.t.Fatalf("line %d came as number %d", c.lines, o.Line)
	}
	return o, true
}

// parseObject knows that late is a number in one line and true in another.
func parseObject(text []byte) (o object, err error) {
	text = bytes.Replace(text, []byte(`"late":true`), []byte(`"isLate":true`), 1)
	return o, json.Unmarshal(text, &o)
}

// next gives the next line that is no heartbeat, and wants it to be of that type.
func (c *client) next(kind string) object {
	c.t.Helper()
	o, ok := c.read()
	for ok && o.Type == "heartbeat" && kind != "heartbeat" {
		o, ok = c.read()
	}
	if !ok {
		c.t.Fatalf("the session ended where %q was expected", kind)
	}
	if o.Type != kind {
		c.t.Fatalf("%q came where %q was expected: %+v", o.Type, kind, o)
	}
	return o
}

// run sends a batch and gives the first result of each probe, by id, and the late ones that came meanwhile.
func (c *client) run(timeoutMs int, probes ...fields) (results map[int]object, late []object) {
	c.t.Helper()
	c.send(fields{"type": "batch", "batch": 1, "timeoutMs": timeoutMs, "probes": probes})
	return c.results(len(probes))
}

func (c *client) results(size int) (results map[int]object, late []object) {
	c.t.Helper()
	results = map[int]object{}
	for {
		o, ok := c.read()
		switch {
		case !ok:
			c.t.Fatalf("the session ended after %d of %d results", len(results), size)
		case o.Type == "batch-end":
			if len(results) != size || o.Results != size {
				c.t.Fatalf("the batch ended with %d results, counted as %d, for %d probes", len(results), o.Results, size)
			}
			return results, late
		case o.Type == "result" && o.IsLate:
			late = append(late, o)
		case o.Type == "result":
			if _, twice := results[o.ID]; twice {
				c.t.Fatalf("a second result for probe %d: %+v", o.ID, o)
			}
			results[o.ID] = o
		case o.Type != "heartbeat":
			c.t.Fatalf("%q came within a batch: %+v", o.Type, o)
		}
	}
}

// one runs a single probe.
func (c *client) one(timeoutMs int, p fields) object {
	c.t.Helper()
	results, _ := c.run(timeoutMs, p)
	return results[p["id"].(int)]
}

// end closes stdin, and gives the last line when the process is gone.
func (c *client) end() object {
	c.t.Helper()
	c.stdin.Close()
	return c.last()
}

func (c *client) last() (last object) {
	c.t.Helper()
	for o, ok := c.read(); ok; o, ok = c.read() {
		last = o
	}
	c.process.Wait()
	return last
}

var probes int64

// to makes a probe with a fresh id and nonce.
func to(protocol, address string, port int) fields {
	id := int(atomic.AddInt64(&probes, 1))
	return fields{
		"id": id, "protocol": protocol, "address": address, "port": port, "sourcePort": 0,
		"nonce": fmt.Sprintf("%032x", id),
	}
}

func with(p fields, name string, value any) fields {
	p[name] = value
	return p
}

// freePorts finds ports that nobody listens on, below the range that the kernel takes source ports from.
func freePorts(t testing.TB, n int) (ports []int) {
	t.Helper()
	for len(ports) < n {
		port := 20000 + int(atomic.AddInt64(&nextPort, 1))%10000
		l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
		if err != nil {
			continue
		}
		l.Close()
		u, err := net.ListenPacket("udp", fmt.Sprintf(":%d", port))
		if err != nil {
			continue
		}
		u.Close()
		ports = append(ports, port)
	}
	return ports
}

var nextPort = int64(os.Getpid() * 16)

func portText(ports ...int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(ports), " ", ","), "[]")
}

func hasIPv6() bool {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return false
	}
	l.Close()
	return true
}

func needIPv6(t testing.TB) {
	if !hasIPv6() {
		t.Skip("no IPv6 on loopback")
	}
}

func mustKey(t testing.TB, text string) *runKey {
	t.Helper()
	var key hexKey
	if err := key.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return newRunKey(key)
}

// fakeAnswer answers a request as an agent of the test's key would.
func fakeAnswer(t testing.TB, request []byte, caller netip.AddrPort) []byte {
	t.Helper()
	key := mustKey(t, testKey)
	n, ok := key.readRequest(request)
	if !ok {
		t.Fatalf("not a request of this run: %x", request)
	}
	var m message
	key.writeAnswer(&m, answer{n, instance{1, 2, 3}, "fake", caller})
	return m[:]
}
