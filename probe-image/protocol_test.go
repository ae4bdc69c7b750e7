package main

import (
	"encoding/json"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

type lineCase struct {
	Name, Direction string
	Object          json.RawMessage
}

// lineCases gives the fixtures of one direction by name, and sees to it at the end that none was left out.
func lineCases(t *testing.T, direction string) map[string]json.RawMessage {
	var fixture struct{ Lines []lineCase }
	readFixture(t, "lines.json", &fixture)
	cases := map[string]json.RawMessage{}
	for _, c := range fixture.Lines {
		if c.Direction == direction {
			cases[c.Name] = c.Object
		}
	}
	t.Cleanup(func() {
		for name := range cases {
			t.Errorf("no test has read %q", name)
		}
	})
	return cases
}

func hexNonce(first byte) (n nonce) {
	for i := range n {
		n[i] = first + byte(i)
	}
	return n
}

var fixtureKey = hexKey{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31}

func TestCommandsAreReadFromTheFixtures(t *testing.T) {
	cases := lineCases(t, "to-agent")
	for _, row := range []struct {
		name string
		want command
	}{
		{"open", command{Type: "open", Protocol: 1, Key: fixtureKey, DeadlineMs: 600000, HeartbeatMs: 2000}},
		{"ping", command{Type: "ping", ID: 7}},
		{"batch", command{Type: "batch", Batch: 3, TimeoutMs: 300, RatePerSecond: 5000, Probes: []probe{
			{17, tcp, netip.MustParseAddr("10.244.1.5"), 5432, netip.IPv4Unspecified(), 20011, hexNonce(0xa0), false},
			{18, udp, netip.MustParseAddr("fd00:10:244:1::5"), 53, netip.IPv6Unspecified(), 20012, hexNonce(0xb0), false},
			{19, sctp, netip.MustParseAddr("10.244.1.5"), 3868, netip.IPv4Unspecified(), 0, hexNonce(0xc0), false},
			{20, tcp, netip.MustParseAddr("192.0.2.7"), 443, netip.IPv4Unspecified(), 20013, hexNonce(0xd0), true},
			{21, tcp, netip.MustParseAddr("10.244.1.5"), 80, netip.MustParseAddr("198.51.100.9"), 20014, hexNonce(0xe0), false},
		}}},
		{"batch without rate limit", command{Type: "batch", Batch: 4, TimeoutMs: 300, Probes: []probe{}}},
		{"receipts asked for", command{Type: "receipts", ID: 8, Nonces: []nonce{hexNonce(0xa0), hexNonce(0xb0)}, HealthSince: 1795538524116.5}},
		{"end-phase", command{Type: "end-phase", ID: 9}},
		{"bye to the agent", command{Type: "bye"}},
	} {
		got, err := parseCommand(cases[row.name])
		if err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", row.name, got, err, row.want)
		}
		delete(cases, row.name)
	}
}

func TestLinesAreWrittenAsInTheFixtures(t *testing.T) {
	cases := lineCases(t, "from-agent")
	there, uid := instance(hexNonce(0x20)), "6f1d3c3e-0000-4000-8000-000000000002"
	seen4, seen6 := netip.MustParseAddrPort("10.244.0.9:20011"), netip.MustParseAddrPort("[fd00:10:244::9]:20012")
	result := func(id int64, o outcome, ms epochMs, errno string) *resultLine {
		return &resultLine{header: of("result"), Batch: 3, ID: id, Outcome: o, At: 1795538524120.5, Ms: ms, Errno: errno}
	}
	answer := func(r *resultLine, seenAs *netip.AddrPort) *resultLine {
		r.Instance, r.UID, r.SeenAs = &there, &uid, seenAs
		return r
	}
	over6 := answer(result(18, answered, 0.5, ""), &seen6)
	over6.At += 0.25
	asked := result(20, handshake, 12, "")
	asked.At += 0.5
	late := answer(result(17, answered, 1034.5, ""), &seen4)
	late.Late = true
	for i, row := range []struct {
		name string
		line line
	}{
		{"hello", &helloLine{
			header: of("hello"), Protocol: 1, Version: "0.1.0", MaxInFlight: 2048, At: 1795538524116.536,
			Addresses: []netip.Addr{netip.MustParseAddr("10.244.0.9"), netip.MustParseAddr("fd00:10:244::9")},
			OnLink:    []netip.Prefix{netip.MustParsePrefix("10.244.0.0/24")},
			identity: identity{
				Instance: instance(hexNonce(0x10)), UID: "6f1d3c3e-0000-4000-8000-000000000001",
				Listening:    map[protocol][]int{tcp: {80, 5432}, udp: {53}, sctp: {}},
				NotListening: []notListening{{tcp, 61001, "EADDRINUSE"}, {sctp, 3868, "EPROTONOSUPPORT"}},
			},
		}},
		{"pong", &pongLine{of("pong"), 7, 1795538524117.25}},
		{"heartbeat", &heartbeatLine{of("heartbeat"), 1795538526116.75}},
		{"result: answered", answer(result(17, answered, 1.327, ""), &seen4)},
		{"result: answered over IPv6", over6},
		{"result: handshake, closed without an answer", result(17, handshake, 0.25, "ECONNRESET")},
		{"result: handshake, asked for", asked},
		{"result: refused", result(17, refused, 0.125, "ECONNREFUSED")},
		{"result: unreachable", result(18, unreachable, 0.125, "EPERM")},
		{"result: timed-out", result(17, timedOut, 300.75, "")},
		{"result: failed", result(19, failed, 0, "EPROTONOSUPPORT")},
		{"batch-end", &batchEndLine{of("batch-end"), 3, 5}},
		{"result: answered late", late},
		{"receipts", &receiptsLine{of("receipts"), 8, findings{
			Arrived: []arrival{
				{hexNonce(0xa0), tcp, 5432, 1795538524120.875, seen4},
				{hexNonce(0xb0), udp, 53, 1795538524121.125, seen6},
			},
			Health: []epochMs{1795538525000.5, 1795538526000.5},
		}}},
		{"phase-ended", &phaseEndedLine{of("phase-ended"), 9, 1}},
		{"error", &errorLine{of("error"), errOtherRun.Error()}},
		{"bye from the agent", &byeLine{header: of("bye")}},
	} {
		row.line.stamp(i + 1)
		text, err := json.Marshal(row.line)
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		json.Unmarshal(text, &got)
		json.Unmarshal(cases[row.name], &want)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", row.name, text, cases[row.name])
		}
		delete(cases, row.name)
	}
}

func TestWrongCommandsAreRefused(t *testing.T) {
	// Each probe is right but for what its row says: what comes later in an object counts.
	batchOf := func(wrong string) string {
		const right = `"id":1,"protocol":"TCP","address":"10.0.0.1","port":1,"nonce":"a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"`
		return `{"type":"batch","batch":1,"timeoutMs":100,"probes":[{` + right + wrong + `}]}`
	}
	if _, err := parseCommand([]byte(batchOf(""))); err != nil {
		t.Fatal(err)
	}
	nonces := strings.Repeat(`"a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",`, maxNonces) + `"a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"`
	for _, row := range []struct{ name, line string }{
		{"no JSON", `hello`},
		{"an empty line", ``},
		{"an array", `[]`},
		{"null", `null`},
		{"an unknown type", `{"type":"reboot"}`},
		{"another protocol", `{"type":"open","protocol":2,"key":"` + testKey + `","deadlineMs":1,"heartbeatMs":1}`},
		{"no key", `{"type":"open","protocol":1,"deadlineMs":1,"heartbeatMs":1}`},
		{"a short key", `{"type":"open","protocol":1,"key":"00","deadlineMs":1,"heartbeatMs":1}`},
		{"no deadline", `{"type":"open","protocol":1,"key":"` + testKey + `","heartbeatMs":1}`},
		{"a heartbeat of zero", `{"type":"open","protocol":1,"key":"` + testKey + `","deadlineMs":1,"heartbeatMs":0}`},
		{"no time-out", `{"type":"batch","batch":1,"probes":[]}`},
		{"a time-out of centuries", `{"type":"batch","batch":1,"timeoutMs":9000000000000000000,"probes":[]}`},
		{"a negative rate", `{"type":"batch","batch":1,"timeoutMs":1,"ratePerSecond":-1,"probes":[]}`},
		{"an unknown protocol", batchOf(`,"protocol":"ICMP"`)},
		{"a host name", batchOf(`,"address":"localhost"`)},
		{"no address", batchOf(`,"address":""`)},
		{"an address with a zone", batchOf(`,"address":"fe80::1%eth0"`)},
		{"port 0", batchOf(`,"port":0`)},
		{"port 65536", batchOf(`,"port":65536`)},
		{"a source port below 0", batchOf(`,"sourcePort":-1`)},
		{"a source address of the other family", batchOf(`,"sourceAddress":"::1"`)},
		{"a source address that is none", batchOf(`,"sourceAddress":"eth0"`)},
		{"no nonce", `{"type":"batch","batch":1,"timeoutMs":1,"probes":[{"id":1,"protocol":"TCP","address":"10.0.0.1","port":1}]}`},
		{"a nonce that is no hex", batchOf(`,"nonce":"z0a1a2a3a4a5a6a7a8a9aaabacadaeaf"`)},
		{"a nonce too long", batchOf(`,"nonce":"00a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"`)},
		{"a handshake by UDP", batchOf(`,"protocol":"UDP","handshake":true`)},
		{"one nonce too many", `{"type":"receipts","id":1,"nonces":[` + nonces + `]}`},
	} {
		if got, err := parseCommand([]byte(row.line)); err == nil {
			t.Errorf("%s is accepted: %+v", row.name, got)
		}
	}
}

func TestAnIPv4AddressInIPv6ClothingIsIPv4(t *testing.T) {
	got, err := parseCommand([]byte(`{"type":"batch","batch":1,"timeoutMs":1,"probes":[{"protocol":"TCP","address":"::ffff:10.0.0.1","port":1,"handshake":true}]}`))
	if err != nil || got.Probes[0].Address != netip.MustParseAddr("10.0.0.1") {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestPortLists(t *testing.T) {
	for _, row := range []struct {
		text string
		want portList
	}{
		{"80", portList{80}},
		{"80,5432,9000-9003", portList{80, 5432, 9000, 9001, 9002, 9003}},
		{"80-80,80", portList{80}},
		{"65535", portList{65535}},
		{"", nil},
	} {
		var got portList
		if err := got.Set(row.text); err != nil || !reflect.DeepEqual(got, row.want) {
			t.Errorf("%q: got %v, %v", row.text, got, err)
		}
	}
	for _, wrong := range []string{"0", "65536", "90-80", "80-", "-80", "http", "80;81", "1-65535"} {
		var got portList
		if err := got.Set(wrong); err == nil {
			t.Errorf("%q is accepted", wrong)
		}
	}
}
