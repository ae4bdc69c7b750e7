package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What a serving process withstands, and what it never does.

func requestOf(t testing.TB, key string, n nonce) []byte {
	var m message
	mustKey(t, key).writeRequest(&m, n)
	return m[:]
}

func TestGarbageGetsNoAnswer(t *testing.T) {
	port := freePorts(t, 1)[0]
	a := here.serve(t, "--tcp", portText(port), "--udp", portText(port))
	c, _ := a.open(t)
	good := requestOf(t, testKey, nonce{1})
	changed := append([]byte{}, good...)
	changed[30] ^= 1
	rows := []struct {
		name  string
		bytes []byte
	}{
		{"zeros", make([]byte, messageSize)},
		{"another run's request", requestOf(t, otherKey, nonce{1})},
		{"a request with a wrong tag", changed},
		{"a request of another version", append([]byte("NPRQ\x02"), good[5:]...)},
		{"an answer", fakeAnswer(t, good, netip.MustParseAddrPort("127.0.0.1:1"))},
		{"HTTP", []byte(strings.Repeat("GET / HTTP/1.1\r\nHost: probe\r\n", 8))},
	}
	for _, row := range rows {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(patience))
		conn.Write(row.bytes)
		got, err := io.ReadAll(conn)
		if len(got) != 0 || err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%s over TCP: %d bytes came back, %v", row.name, len(got), err)
		}
		conn.Close()
	}

	socket, err := net.Dial("udp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	for _, row := range rows {
		socket.Write(row.bytes)
	}
	socket.Write(nil)
	socket.Write(good[:messageSize-1])
	socket.Write(append(good[:messageSize:messageSize], 0))
	socket.Write(good)
	// Datagrams are answered in their order, so the first that comes back must be for the last.
	socket.SetDeadline(time.Now().Add(patience))
	answers := make([]byte, 2*messageSize)
	n, err := socket.Read(answers)
	if err != nil || n != messageSize || !bytes.HasPrefix(answers, answerMagic) {
		t.Errorf("got %x, %v", answers[:n], err)
	}
	c.send(fields{"type": "receipts", "id": 1, "nonces": []nonce{{1}}})
	if got := c.next("receipts"); len(got.Arrived) != 1 || got.Arrived[0].Protocol != udp {
		t.Errorf("%+v", got.Arrived)
	}
}

func TestHalfOpenConnectionsDoNotKeepProbesOut(t *testing.T) {
	port := freePorts(t, 1)[0]
	a := &agent{place: place{"sh", "-c", `ulimit -n 100; exec "$@"`, "sh"}, control: controlName()}
	a.start(t, "--tcp", portText(port), "--udp", portText(port))
	a.place = here
	c, _ := a.open(t)
	for i := 0; i < 300; i++ { // three times what the process may hold open
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.Write([]byte("N"))
	}
	if got := c.one(5000, to("TCP", "127.0.0.1", port)); got.Outcome != "answered" {
		t.Errorf("TCP: %+v", got)
	}
	if got := c.one(5000, to("UDP", "127.0.0.1", port)); got.Outcome != "answered" {
		t.Errorf("UDP: %+v", got)
	}
	c.send(fields{"type": "receipts", "id": 1})
	c.next("receipts")
}

func TestAConnectionWithoutARequestIsClosedAfterAWhile(t *testing.T) {
	t.Parallel() // it waits for the agent's patience to end
	port := freePorts(t, 1)[0]
	here.serve(t, "--tcp", portText(port)).open(t)
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	start := time.Now()
	conn.SetDeadline(start.Add(patience))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(start); took < callPatience-time.Second || took > callPatience+2*time.Second {
		t.Errorf("closed after %v", took)
	}
}

func TestAnAnswerWaitsForTheCallerToHangUp(t *testing.T) {
	port := freePorts(t, 1)[0]
	here.serve(t, "--tcp", portText(port)).open(t)
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	request := requestOf(t, testKey, nonce{2})
	conn.Write(request[:50])
	conn.Write(request[50:])
	if _, err := io.ReadFull(conn, make([]byte, messageSize)); err != nil {
		t.Fatal(err)
	}
	conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after the answer: %v", err)
	}
	conn.SetReadDeadline(time.Now().Add(patience))
	conn.Write(request) // one connection carries one request
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after a second request: %v", err)
	}
}

func TestHealthProbesNeverFail(t *testing.T) {
	port := freePorts(t, 1)[0]
	c, _ := here.serve(t, "--health", portText(port)).open(t)
	for i := 0; i < 500; i++ { // with a reset at once, half of these would
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
	}
	c.send(fields{"type": "receipts", "id": 1})
	if got := c.next("receipts"); len(got.Health) != maxHealth {
		t.Errorf("%d health probes remembered", len(got.Health))
	}
}

func TestNoTimeWaitIsLeft(t *testing.T) {
	port := freePorts(t, 1)[0]
	c, _ := here.serve(t, "--tcp", portText(port)).open(t)
	for i := 0; i < 20; i++ {
		c.one(1000, to("TCP", "127.0.0.1", port))
	}
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		t.Skip(err)
	}
	const timeWait = "06"
	for _, line := range strings.Split(string(table), "\n") {
		columns := strings.Fields(line)
		if len(columns) > 3 && columns[3] == timeWait && strings.Contains(line, fmt.Sprintf(":%04X ", port)) {
			t.Fatal(line)
		}
	}
}

func TestAServingProcessEndsByItself(t *testing.T) {
	a := here.serve(t, "--deadline", "50ms")
	if err := a.process.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

func TestTwoServingProcessesOfOnePod(t *testing.T) {
	a := here.serve(t)
	a.open(t)
	second := here.command(program, "serve", "--control", a.control)
	if text, err := second.CombinedOutput(); err == nil || !strings.Contains(string(text), "address already in use") {
		t.Errorf("the second: %s, %v", text, err)
	}
}

func TestPortsBeyondTheOpenFilesAreNotListenedOn(t *testing.T) {
	ports := freePorts(t, 40)
	a := &agent{place: place{"sh", "-c", `ulimit -n 64; exec "$@"`, "sh"}, control: controlName()}
	a.start(t, "--udp", portText(ports...))
	a.place = here
	_, hello := a.open(t)
	open, left := len(hello.Listening["UDP"]), len(hello.NotListening)
	if open == 0 || left == 0 || open+left != 40 {
		t.Errorf("%d listened on, %d not", open, left)
	}
	for _, one := range hello.NotListening {
		if one.Error != "EMFILE" {
			t.Errorf("%+v", one)
		}
	}
}

func TestReceiptsAreARing(t *testing.T) {
	const limit = 2 * pageSize
	r := newReceipts(limit)
	from4, from6 := netip.MustParseAddrPort("10.0.0.1:1"), netip.MustParseAddrPort("[fd00::1]:65535")
	named := func(i int) (n nonce) {
		binary.BigEndian.PutUint64(n[:], uint64(i))
		return n
	}
	at := time.UnixMicro(1795538524116536)
	add := func(first, last int) {
		for i := first; i <= last; i++ {
			from := from4
			if i%2 == 1 {
				from = from6
			}
			r.add(named(i), protocol(i%2), i%65536, from, at.Add(time.Duration(i)*time.Microsecond))
		}
	}
	found := func(i int) bool { return len(r.find([]nonce{named(i)})) == 1 }

	add(1, limit)
	if r.forgotten() != 0 || !found(1) || !found(limit) {
		t.Errorf("full: forgotten %d, first %v, last %v", r.forgotten(), found(1), found(limit))
	}
	add(limit+1, limit+3)
	if r.forgotten() != 3 || found(3) || !found(4) || !found(limit+3) || len(r.pages) != 2 {
		t.Errorf("over: forgotten %d, third %v, fourth %v, last %v", r.forgotten(), found(3), found(4), found(limit+3))
	}
	r.add(named(7), udp, 1, from4, at) // a datagram that came twice
	want := []arrival{{named(7), udp, 7, 1795538524116.543, from6}, {named(8), tcp, 8, 1795538524116.544, from4}}
	if got := r.find([]nonce{named(8), named(7), named(2)}); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestUsage(t *testing.T) {
	for _, row := range []struct {
		args []string
		code int
		out  string
	}{
		{[]string{"version"}, 0, version + "\n"},
		{nil, 2, ""},
		{[]string{"help"}, 2, ""},
		{[]string{"serve", "--tcp", "0"}, 2, ""},
		{[]string{"serve", "--health", "65536"}, 2, ""},
		{[]string{"serve", "--deadline", "-1s"}, 2, ""},
		{[]string{"serve", "80"}, 2, ""},
		{[]string{"session", "--verbose"}, 2, ""},
	} {
		var out, errs bytes.Buffer
		if code := run(row.args, strings.NewReader(""), &out, &errs); code != row.code || out.String() != row.out {
			t.Errorf("%v: code %d, %q", row.args, code, out.String())
		}
		if (errs.Len() > 0) != (row.code != 0) {
			t.Errorf("%v: stderr %q", row.args, errs.String())
		}
	}
}
