package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"
)

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
	Addresses, OnLink                                             []string
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
