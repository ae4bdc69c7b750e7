package main

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"
)

// What comes after a probe's time is up counts until the phase ends.

func TestALateDatagramCountsUntilThePhaseEnds(t *testing.T) {
	a := here.serve(t)
	c, _ := a.open(t)
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	port := socket.LocalAddr().(*net.UDPAddr).Port
	type asked struct {
		request []byte
		caller  net.Addr
	}
	receive := func() asked {
		request := make([]byte, 200)
		socket.SetReadDeadline(time.Now().Add(patience))
		n, caller, err := socket.ReadFrom(request)
		if err != nil {
			t.Fatal(err)
		}
		return asked{request[:n], caller}
	}
	answerTo := func(q asked) {
		socket.WriteTo(fakeAnswer(t, q.request, netip.MustParseAddrPort(q.caller.String())), q.caller)
	}

	if got := c.one(50, to("UDP", "127.0.0.1", port)); got.Outcome != "timed-out" || got.Ms < 50 {
		t.Fatalf("without answer: %+v", got)
	}
	first := receive()
	socket.WriteTo([]byte("a datagram that is no answer"), first.caller)
	answerTo(first)
	late := c.next("result")
	if !late.IsLate || late.Outcome != "answered" || late.UID != "fake" || late.SeenAs != first.caller.String() || late.Ms < 50 {
		t.Errorf("late: %+v", late)
	}

	// A second one is given up with the phase; its answer then finds no socket.
	c.one(50, to("UDP", "127.0.0.1", port))
	second := receive()
	c.send(fields{"type": "end-phase", "id": 1})
	if got := c.next("phase-ended"); got.Late != 1 || got.ID != 1 {
		t.Errorf("%+v", got)
	}
	answerTo(second)
	c.send(fields{"type": "end-phase", "id": 2})
	if got := c.next("phase-ended"); got.Late != 0 {
		t.Errorf("%+v", got)
	}
}

// fullListener listens with a queue of one, and that one is taken: the kernel drops every further SYN, as a policy would.
func fullListener(t *testing.T) (fd, port int) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, _ := syscall.Getsockname(fd)
	port = name.(*syscall.SockaddrInet4).Port
	filler, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { filler.Close() })
	return fd, port
}

func TestALateConnectionCounts(t *testing.T) {
	t.Parallel()
	a := here.serve(t)
	c, _ := a.open(t)
	listener, port := fullListener(t)
	normal, bare := to("TCP", "127.0.0.1", port), with(to("TCP", "127.0.0.1", port), "handshake", true)
	results, _ := c.run(50, normal, bare)
	for _, p := range []fields{normal, bare} {
		if got := results[p["id"].(int)]; got.Outcome != "timed-out" {
			t.Fatalf("at a full queue: %+v", got)
		}
	}
	// With the queue free again, the SYNs that the kernel repeats after a second get through.
	go func() {
		for i := 0; i < 3; i++ {
			fd, from, err := syscall.Accept(listener)
			if err != nil {
				return
			}
			go func() {
				request := make([]byte, messageSize)
				if n, _ := syscall.Read(fd, request); n == messageSize {
					syscall.Write(fd, fakeAnswer(t, request, fromSockaddr(from)))
				}
			}()
		}
	}()
	want := map[int]string{normal["id"].(int): "answered", bare["id"].(int): "handshake"}
	for i := 0; i < 2; i++ {
		if got := c.next("result"); !got.IsLate || got.Outcome != want[got.ID] {
			t.Errorf("late: %+v", got)
		}
	}
	c.send(fields{"type": "end-phase", "id": 1})
	if got := c.next("phase-ended"); got.Late != 2 {
		t.Errorf("%+v", got)
	}
}

func TestAConnectionThatStoodWhenThePhaseEndedIsTold(t *testing.T) {
	t.Parallel()
	a := here.serve(t)
	c, _ := a.open(t)
	listener, port := fullListener(t)
	if got := c.one(50, to("TCP", "127.0.0.1", port)); got.Outcome != "timed-out" {
		t.Fatalf("at a full queue: %+v", got)
	}
	for i := 0; i < 2; i++ { // the filler, and the probe when its SYN is repeated; its request is not answered
		fd, _, err := syscall.Accept(listener)
		if err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			syscall.Read(fd, make([]byte, messageSize))
		}
	}
	c.send(fields{"type": "end-phase", "id": 1})
	if got := c.next("result"); !got.IsLate || got.Outcome != "handshake" {
		t.Errorf("%+v", got)
	}
	c.next("phase-ended")
}

func TestABurstOfDatagramsWaitsForABusyAgent(t *testing.T) {
	port := freePorts(t, 1)[0]
	a := here.serve(t, "--udp", portText(port))
	c, _ := a.open(t)
	a.process.Process.Signal(syscall.SIGSTOP)
	var all []fields
	for i := 0; i < 400; i++ { // more than the kernel keeps for a socket that does not ask
		all = append(all, to("UDP", "127.0.0.1", port))
	}
	c.run(50, all...)
	a.process.Process.Signal(syscall.SIGCONT)
	for range all {
		if got := c.next("result"); !got.IsLate || got.Outcome != "answered" {
			t.Fatalf("%+v", got)
		}
	}
}

func TestTheLongestLingeringMakesRoom(t *testing.T) {
	few := place{"sh", "-c", `ulimit -n 84; exec "$@"`, "sh"} // 20 sockets
	a := here.serve(t)
	a.place = few
	c, hello := a.open(t)
	if hello.MaxInFlight != 20 {
		t.Fatalf("maxInFlight is %d", hello.MaxInFlight)
	}
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	var all []fields
	for i := 0; i < 30; i++ {
		all = append(all, to("UDP", "127.0.0.1", socket.LocalAddr().(*net.UDPAddr).Port))
	}
	results, _ := c.run(50, all...)
	for id, got := range results {
		if got.Outcome != "timed-out" {
			t.Errorf("probe %d: %+v", id, got)
		}
	}
	// The first 10 were closed for the last 10, so answers to all bring 20.
	request := make([]byte, 200)
	for range all {
		socket.SetReadDeadline(time.Now().Add(patience))
		n, caller, err := socket.ReadFrom(request)
		if err != nil {
			t.Fatal(err)
		}
		socket.WriteTo(fakeAnswer(t, request[:n], caller.(*net.UDPAddr).AddrPort()), caller)
	}
	late := map[int]bool{}
	for len(late) < 20 {
		late[c.next("result").ID] = true
	}
	for _, p := range all[:10] {
		if late[p["id"].(int)] {
			t.Errorf("probe %v lingered on", p["id"])
		}
	}
	c.send(fields{"type": "end-phase", "id": 1})
	if got := c.next("phase-ended"); got.Late != 20 {
		t.Errorf("%+v", got)
	}
}
