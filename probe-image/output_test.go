package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

func TestLinesLeaveInTheirOrderAndByeCountsThem(t *testing.T) {
	o := newOutput(func() {})
	var out bytes.Buffer
	go o.writeTo(&out)
	o.put(&pongLine{of("pong"), 7, 0})
	o.queueUp(&pongLine{of("pong"), 8, 0})
	o.finish(&byeLine{header: of("bye")})
	o.put(&pongLine{of("pong"), 9, 0}) // too late
	want := `{"line":1,"type":"pong","id":7,"at":0}
{"line":2,"type":"pong","id":8,"at":0}
{"line":3,"type":"bye","lines":3}
`
	if out.String() != want {
		t.Errorf("got %s", out.String())
	}
}

func TestAFullQueueHoldsUpProbesAndCommandsUntilItIsRead(t *testing.T) {
	hasRoom, mayGoOn := make(chan struct{}, 1), make(chan struct{})
	o := newOutput(func() { hasRoom <- struct{}{} })
	p := &prober{out: o, maxInFlight: 1000}
	reader, writer := io.Pipe()
	for i := 0; i < maxUnwritten; i++ {
		if p.room() == 0 {
			t.Fatalf("no room after %d lines", i)
		}
		o.put(&pongLine{of("pong"), 1, 0})
	}
	go o.writeTo(writer)
	go func() {
		o.waitForRoom()
		close(mayGoOn)
	}()
	lines := bufio.NewReader(reader)
	lines.ReadString('\n') // the writer has begun, and is stuck
	if p.room() != 0 {
		t.Error("probes begin though nobody reads")
	}
	select {
	case <-mayGoOn:
		t.Error("commands are taken though nobody reads")
	case <-time.After(10 * time.Millisecond):
	}
	go io.Copy(io.Discard, lines)
	<-hasRoom
	<-mayGoOn
	if p.room() == 0 {
		t.Error("no room though all was read")
	}
}

func TestAReaderThatWentAwayEndsTheWriter(t *testing.T) {
	o := newOutput(func() {})
	reader, writer := io.Pipe()
	reader.CloseWithError(errors.New("gone"))
	o.put(&pongLine{of("pong"), 1, 0})
	if err := o.writeTo(writer); err == nil || err.Error() != "gone" {
		t.Errorf("got %v", err)
	}
	o.finish(&byeLine{header: of("bye")}) // and does not wait for it
}

func TestTheDeadlinePassesThoughNobodyReads(t *testing.T) {
	t.Parallel()
	c := here.serve(t).session(t)
	c.send(with(openCommand(testKey), "deadlineMs", 300))
	batch := `{"type":"batch","batch":1,"timeoutMs":1000,"probes":[` +
		strings.TrimSuffix(strings.Repeat(`{"id":1,"protocol":"TCP","address":"127.0.0.1","port":1,"handshake":true},`, 8000), ",") + "]}\n"
	go io.WriteString(c.stdin, batch)
	start := time.Now()
	ended := make(chan struct{})
	go func() {
		c.process.Process.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(patience / 2):
		t.Error("it goes on")
	}
	if took := time.Since(start); took < 200*time.Millisecond {
		t.Errorf("it ended after %v", took)
	}
}
