package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// What probes report, between real processes on loopback.

func TestOutcomesOnLoopback(t *testing.T) {
	ports := freePorts(t, 4)
	open, closed, health, silent := ports[0], ports[1], ports[2], ports[3]
	a := here.serve(t, "--tcp", portText(open), "--udp", portText(open), "--health", portText(health))
	c, hello := a.open(t)
	hush, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", silent))
	if err != nil {
		t.Fatal(err)
	}
	defer hush.Close()

	rows := []struct {
		name    string
		probe   fields
		outcome outcome
		errno   string
	}{
		{"TCP answered", to("TCP", "127.0.0.1", open), answered, ""},
		{"UDP answered", to("UDP", "127.0.0.1", open), answered, ""},
		{"UDP at another address of the pod, answered from that one", to("UDP", "127.1.2.3", open), answered, ""},
		{"TCP refused", to("TCP", "127.0.0.1", closed), refused, "ECONNREFUSED"},
		{"UDP refused", to("UDP", "127.0.0.1", closed), refused, "ECONNREFUSED"},
		{"UDP without an answer", to("UDP", "127.0.0.1", silent), timedOut, ""},
		{"a handshake asked for", with(to("TCP", "127.0.0.1", open), "handshake", true), handshake, ""},
		{"a handshake asked for and refused", with(to("TCP", "127.0.0.1", closed), "handshake", true), refused, "ECONNREFUSED"},
		{"the health port closes without an answer", to("TCP", "127.0.0.1", health), handshake, "ECONNRESET"},
		{"SCTP that the kernel lacks", to("SCTP", "127.0.0.1", open), failed, "EPROTONOSUPPORT"},
		{"a source port that is listened on", with(to("TCP", "127.0.0.1", open), "sourcePort", open), failed, "EADDRINUSE"},
		{"a UDP source port that is listened on", with(to("UDP", "127.0.0.1", closed), "sourcePort", open), failed, "EADDRINUSE"},
		{"an address that cannot be a destination", to("TCP", "255.255.255.255", open), failed, "ENETUNREACH"},
	}
	var all []fields
	for _, row := range rows {
		all = append(all, row.probe)
	}
	results, _ := c.run(300, all...)
	for _, row := range rows {
		got := results[row.probe["id"].(int)]
		if row.probe["protocol"] == "SCTP" && got.Outcome != string(failed) {
			continue // a kernel that has it
		}
		if got.Outcome != string(row.outcome) || got.Errno != row.errno {
			t.Errorf("%s: got %q %q, want %q %q", row.name, got.Outcome, got.Errno, row.outcome, row.errno)
		}
		if row.outcome == answered && (got.Instance != hello.Instance || got.UID != testUID) {
			t.Errorf("%s by %q, %q", row.name, got.Instance, got.UID)
		}
		if row.outcome != timedOut && got.Ms >= 300 {
			t.Errorf("%s took %v ms", row.name, got.Ms)
		}
	}
}

func TestOutcomesOverIPv6(t *testing.T) {
	needIPv6(t)
	ports := freePorts(t, 2)
	a := here.serve(t, "--tcp", portText(ports[0]), "--udp", portText(ports[0]))
	c, _ := a.open(t)
	good4, good6 := to("TCP", "127.0.0.1", ports[0]), to("TCP", "::1", ports[0])
	rows := map[string]struct {
		probe fields
		want  outcome
	}{
		"TCP":                      {good6, answered},
		"TCP over IPv4 beside it":  {good4, answered},
		"UDP":                      {to("UDP", "::1", ports[0]), answered},
		"TCP refused":              {to("TCP", "::1", ports[1]), refused},
		"UDP refused":              {to("UDP", "::1", ports[1]), refused},
		"IPv4 in IPv6 clothing":    {to("TCP", "::ffff:127.0.0.1", ports[0]), answered},
		"UDP with its source port": {with(to("UDP", "::1", ports[0]), "sourcePort", ports[1]), answered},
	}
	var all []fields
	for _, row := range rows {
		all = append(all, row.probe)
	}
	results, _ := c.run(1000, all...)
	for name, row := range rows {
		if got := results[row.probe["id"].(int)]; got.Outcome != string(row.want) {
			t.Errorf("%s: got %q %q, want %q", name, got.Outcome, got.Errno, row.want)
		}
	}
	if seen := results[good6["id"].(int)].SeenAs; netip.MustParseAddrPort(seen).Addr() != netip.MustParseAddr("::1") {
		t.Errorf("seen as %q", seen)
	}
}

func TestASourcePortServesSeveralDestinationsAtOnce(t *testing.T) {
	ports := freePorts(t, 3)
	a := here.serve(t, "--tcp", portText(ports[0], ports[1]), "--udp", portText(ports[0], ports[1]))
	c, _ := a.open(t)
	source := ports[2]
	var all []fields
	for _, protocol := range []string{"TCP", "UDP"} {
		for i := 0; i < 20; i++ {
			all = append(all, with(to(protocol, fmt.Sprintf("127.0.1.%d", 1+i), ports[i%2]), "sourcePort", source))
		}
	}
	results, _ := c.run(1000, all...)
	for id, got := range results {
		if got.Outcome != "answered" || netip.MustParseAddrPort(got.SeenAs).Port() != uint16(source) {
			t.Errorf("probe %d: %+v", id, got)
		}
	}
}

func TestAProbeLeavesFromItsSourceAddress(t *testing.T) {
	ports := freePorts(t, 2)
	c, _ := here.serve(t, "--tcp", portText(ports[0]), "--udp", portText(ports[0])).open(t)
	from := func(source string, p fields) fields { return with(p, "sourceAddress", source) }
	rows := []struct {
		probe  fields
		seenAs string // its beginning
	}{
		{from("127.0.2.1", to("TCP", "127.0.0.1", ports[0])), "127.0.2.1:"},
		{from("127.0.2.2", to("UDP", "127.0.0.1", ports[0])), "127.0.2.2:"},
		{with(from("127.0.2.1", to("TCP", "127.0.0.1", ports[0])), "sourcePort", ports[1]), fmt.Sprintf("127.0.2.1:%d", ports[1])},
		{with(from("127.0.2.2", to("TCP", "127.0.0.1", ports[0])), "sourcePort", ports[1]), fmt.Sprintf("127.0.2.2:%d", ports[1])},
	}
	foreign := from("198.51.100.9", to("TCP", "127.0.0.1", ports[0]))
	all := []fields{foreign}
	for _, row := range rows {
		all = append(all, row.probe)
	}
	results, _ := c.run(1000, all...)
	for _, row := range rows {
		if got := results[row.probe["id"].(int)]; got.Outcome != "answered" || !strings.HasPrefix(got.SeenAs, row.seenAs) {
			t.Errorf("from %s: %+v", row.seenAs, got)
		}
	}
	if got := results[foreign["id"].(int)]; got.Outcome != "failed" || got.Errno != "EADDRNOTAVAIL" {
		t.Errorf("from an address that is not ours: %+v", got)
	}
}

func TestAnAgentOfAnotherRunIsOnlyAHandshake(t *testing.T) {
	ports := freePorts(t, 2)
	ours := here.serve(t, "--tcp", portText(ports[0]))
	theirs := here.serve(t, "--tcp", portText(ports[1]), "--udp", portText(ports[1]))
	c, _ := ours.open(t)

	keyless := to("TCP", "127.0.0.1", ports[1])
	awaitListener(t, ports[1])
	if got := c.one(1000, keyless); got.Outcome != "handshake" {
		t.Errorf("before it has a key: %+v", got)
	}
	other := theirs.session(t)
	other.send(openCommand(otherKey))
	other.next("hello")
	tcp, udp := to("TCP", "127.0.0.1", ports[1]), to("UDP", "127.0.0.1", ports[1])
	results, _ := c.run(200, tcp, udp)
	if got := results[tcp["id"].(int)]; got.Outcome != "handshake" || got.Instance != "" {
		t.Errorf("TCP: %+v", got)
	}
	if got := results[udp["id"].(int)]; got.Outcome != "timed-out" {
		t.Errorf("UDP: %+v", got)
	}
	other.send(fields{"type": "receipts", "id": 1, "nonces": []any{keyless["nonce"], tcp["nonce"], udp["nonce"]}})
	if got := other.next("receipts"); len(got.Arrived) != 0 {
		t.Errorf("requests of another run have receipts: %+v", got.Arrived)
	}
}

// awaitListener waits until a port accepts, without asking the process.
func awaitListener(t testing.TB, port int) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			conn.Close()
			return
		}
	}
	t.Fatalf("nobody listens on %d", port)
}

// A peer is a TCP listener that is not an agent; what it does to a connection is up to the test.
func peer(t *testing.T, do func(net.Conn)) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go do(conn)
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

func readRequest(conn net.Conn) []byte {
	request := make([]byte, messageSize)
	io.ReadFull(conn, request)
	return request
}

func TestPeersThatAreNotOurs(t *testing.T) {
	a := here.serve(t)
	c, _ := a.open(t)
	reset := func(conn net.Conn) {
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	}
	for _, row := range []struct {
		name  string
		do    func(net.Conn)
		want  outcome
		quick bool
	}{
		{"accepts and says nothing", func(net.Conn) {}, handshake, false},
		{"closes at once", func(conn net.Conn) { conn.Close() }, handshake, true},
		{"resets at once", reset, handshake, true},
		{"closes after the request", func(conn net.Conn) { readRequest(conn); conn.Close() }, handshake, true},
		{"echoes the request", func(conn net.Conn) { conn.Write(readRequest(conn)) }, handshake, true},
		{"speaks first, and something else", func(conn net.Conn) { fmt.Fprintf(conn, "220 %0200d\r\n", 0) }, handshake, true},
		{"begins an answer and stops", func(conn net.Conn) { readRequest(conn); conn.Write(answerMagic) }, handshake, false},
		{"answers in pieces", func(conn net.Conn) {
			whole := fakeAnswer(t, readRequest(conn), netip.MustParseAddrPort("127.0.0.1:1"))
			for i := range whole {
				conn.Write(whole[i : i+1])
			}
		}, answered, true},
		{"answers another attempt", func(conn net.Conn) {
			readRequest(conn)
			var m message
			key := mustKey(t, testKey)
			key.writeAnswer(&m, answer{nonce: nonce{1}, seenAs: netip.MustParseAddrPort("127.0.0.1:1")})
			conn.Write(m[:])
		}, handshake, true},
	} {
		timeoutMs := 150
		if row.quick {
			timeoutMs = 5000
		}
		if got := c.one(timeoutMs, to("TCP", "127.0.0.1", peer(t, row.do))); got.Outcome != string(row.want) {
			t.Errorf("a peer that %s: %+v", row.name, got)
		} else if row.quick == (got.Ms >= float64(timeoutMs)) {
			t.Errorf("a peer that %s: took %v ms", row.name, got.Ms)
		}
	}
}
