package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// How batches are worked off.

func TestAThousandSilentProbesCostOneTimeOut(t *testing.T) {
	a := here.serve(t)
	c, _ := a.open(t)
	hush, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hush.Close()
	var all []fields
	for i := 0; i < 1000; i++ {
		all = append(all, to("UDP", "127.0.0.1", hush.LocalAddr().(*net.UDPAddr).Port))
	}
	start := time.Now()
	results, _ := c.run(300, all...)
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("took %v", took)
	}
	for _, got := range results {
		if got.Outcome != "timed-out" {
			t.Fatalf("%+v", got)
		}
	}
}

func TestEveryProbeHasAnAnswerWhenStdinEnds(t *testing.T) {
	c, _ := here.serve(t).open(t)
	hush, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hush.Close()
	port := hush.LocalAddr().(*net.UDPAddr).Port
	var slow, limited []fields
	for i := 0; i < 100; i++ {
		slow = append(slow, to("UDP", "127.0.0.1", port))
		limited = append(limited, to("UDP", "127.0.0.1", port))
	}
	c.send(fields{"type": "batch", "batch": 1, "timeoutMs": 60000, "probes": slow})
	c.send(fields{"type": "batch", "batch": 2, "timeoutMs": 60000, "ratePerSecond": 1, "probes": limited})
	hush.SetReadDeadline(time.Now().Add(patience))
	for i := 0; i < 101; i++ { // all of the first batch and one of the second are on their way
		if _, _, err := hush.ReadFrom(make([]byte, 200)); err != nil {
			t.Fatal(err)
		}
	}
	c.stdin.Close()
	answers, ends := 0, map[int]int{}
	for {
		o, ok := c.read()
		if !ok {
			t.Fatal("no bye")
		}
		if o.Type == "result" && o.Outcome == "failed" && o.Errno == "ECANCELED" {
			answers++
		}
		if o.Type == "batch-end" {
			ends[o.Batch] = o.Results
		}
		if o.Type == "bye" {
			break
		}
	}
	if answers != 200 || ends[1] != 100 || ends[2] != 100 {
		t.Errorf("%d answers, batches ended: %v", answers, ends)
	}
}

func TestBatchesOverlap(t *testing.T) {
	port := freePorts(t, 1)[0]
	c, _ := here.serve(t, "--tcp", portText(port)).open(t)
	hush, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer hush.Close()
	batch := func(number, timeoutMs int, probes ...fields) {
		c.send(fields{"type": "batch", "batch": number, "timeoutMs": timeoutMs, "probes": probes})
	}
	batch(1, 400, to("UDP", "127.0.0.1", hush.LocalAddr().(*net.UDPAddr).Port))
	batch(2, 100, to("UDP", "127.0.0.1", hush.LocalAddr().(*net.UDPAddr).Port))
	batch(3, 1000, to("TCP", "127.0.0.1", port))
	batch(4, 1000)
	order, want := "", "4 3 2 1 "
	for len(order) < len(want) {
		if o, ok := c.read(); !ok {
			t.Fatalf("the session ended after %q", order)
		} else if o.Type == "batch-end" {
			order += strconv.Itoa(o.Batch) + " "
		}
	}
	// Batch 4 has nothing to wait for and ends as soon as it is read, which may be after batch 3.
	if order != want && order != "3 4 2 1 " {
		t.Errorf("ended in the order %s", order)
	}
}

func TestTheRateLimitSpreadsABatch(t *testing.T) {
	port := freePorts(t, 1)[0]
	c, _ := here.serve(t, "--tcp", portText(port)).open(t)
	var all []fields
	for i := 0; i < 100; i++ {
		all = append(all, to("TCP", "127.0.0.1", port))
	}
	c.send(fields{"type": "batch", "batch": 1, "timeoutMs": 1000, "ratePerSecond": 500, "probes": all})
	results, _ := c.results(len(all))
	first, last := 1e300, 0.0
	for _, r := range results {
		if r.Outcome != "answered" {
			t.Errorf("%+v", r)
		}
		if r.At < first {
			first = r.At
		}
		if r.At > last {
			last = r.At
		}
	}
	if spread := last - first; spread < 185 { // 99 intervals of 2 ms, less what a late turn may make good
		t.Errorf("100 probes at 500 a second began within %v ms", spread)
	}
}

func TestNothingIsLostWhenNobodyReadsForAWhile(t *testing.T) {
	t.Parallel()
	port := freePorts(t, 1)[0]
	c := here.serve(t, "--udp", portText(port)).session(t)
	const silenceMs = 600
	c.send(with(openCommand(testKey), "heartbeatMs", silenceMs/3))
	c.next("hello")
	const batches, size = 8, 4000
	done := make(chan struct{})
	defer close(done)
	go func() {
		for b := 0; b < batches; b++ {
			var line bytes.Buffer
			fmt.Fprintf(&line, `{"type":"batch","batch":%d,"timeoutMs":2000,"probes":[`, b)
			for i := 0; i < size; i++ {
				if i > 0 {
					line.WriteByte(',')
				}
				id := b*size + i
				fmt.Fprintf(&line, `{"id":%d,"protocol":"TCP","address":"127.0.0.1","port":1,"nonce":"%032x"}`, id, id+1)
			}
			line.WriteString("]}\n")
			c.stdin.Write(line.Bytes())
		}
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
				io.WriteString(c.stdin, `{"type":"ping","id":1}`+"\n")
			}
		}
	}()
	// The pipe holds 64 kB and the queue some thousand lines. With both full the session reads no more commands, and
	// must not take that for the controller's silence.
	awaitStandstill(t, c.process.Process.Pid)
	time.Sleep((silenceMs + 100) * time.Millisecond)
	seen := map[int]bool{}
	for ends := 0; ends < batches; {
		o, ok := c.read()
		if !ok {
			t.Fatalf("the session ended after %d results", len(seen))
		}
		switch o.Type {
		case "result":
			if seen[o.ID] || o.Outcome != "refused" {
				t.Fatalf("%+v", o)
			}
			seen[o.ID] = true
		case "batch-end":
			ends++
		}
	}
	if len(seen) != batches*size {
		t.Errorf("%d results of %d", len(seen), batches*size)
	}
	if peak := memory(t, c.process.Process.Pid, "VmHWM"); peak > 24<<10 {
		t.Errorf("the session took %d kB", peak)
	}
}

// awaitStandstill waits until a process has used no processor for a tenth of a second.
func awaitStandstill(t *testing.T, pid int) {
	t.Helper()
	last := time.Duration(-1)
	for now := processorTime(t, strconv.Itoa(pid)); now != last; now = processorTime(t, strconv.Itoa(pid)) {
		last = now
		time.Sleep(100 * time.Millisecond)
	}
}

// memory reads a line of /proc/PID/status, in kB.
func memory(t *testing.T, pid int, name string) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if columns := strings.Fields(line); len(columns) == 3 && columns[0] == name+":" {
			kB, _ := strconv.Atoi(columns[1])
			return kB
		}
	}
	t.Fatalf("no %s", name)
	return 0
}

func TestTooManyWaitingProbesAreRefused(t *testing.T) {
	t.Parallel()
	c, _ := here.serve(t).open(t)
	probe := `{"id":1,"protocol":"TCP","address":"127.0.0.1","port":1,"handshake":true},`
	line := `{"type":"batch","batch":1,"timeoutMs":1000,"ratePerSecond":0.001,"probes":[` + strings.TrimSuffix(strings.Repeat(probe, 10000), ",") + "]}\n"
	go func() {
		for i := 0; i < 11; i++ {
			c.stdin.Write([]byte(line))
		}
	}()
	last := ""
	for lines := bufio.NewScanner(c.stdout); lines.Scan(); {
		last = lines.Text()
	}
	if !strings.Contains(last, errTooManyWaiting.Error()) {
		t.Errorf("got %s", last)
	}
}
