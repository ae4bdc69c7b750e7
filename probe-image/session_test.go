package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The session's protocol, end to end through real processes.

func TestHelloTellsWhoListensWhere(t *testing.T) {
	ports := freePorts(t, 3)
	taken, err := net.Listen("tcp4", fmt.Sprintf(":%d", ports[1]))
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	a := here.serve(t, "--tcp", portText(ports[0], ports[1]), "--udp", portText(ports[2]))
	_, hello := a.open(t)
	if hello.Version != "0.0.0-test" || hello.UID != testUID || len(hello.Instance) != 32 || hello.MaxInFlight < 1 || hello.At < 1.7e12 {
		t.Errorf("%+v", hello)
	}
	if got := fmt.Sprint(hello.Listening); got != fmt.Sprintf("map[SCTP:[] TCP:[%d] UDP:[%d]]", ports[0], ports[2]) {
		t.Errorf("listening: %s", got)
	}
	if got := fmt.Sprint(hello.NotListening); got != fmt.Sprintf("[{TCP %d EADDRINUSE}]", ports[1]) {
		t.Errorf("not listening: %s", got)
	}
	for _, address := range hello.Addresses {
		if strings.HasPrefix(address, "127.") || strings.HasPrefix(address, "fe80:") || address == "::1" {
			t.Errorf("addresses: %v", hello.Addresses)
		}
	}
}

func TestASessionEndsWithTheReason(t *testing.T) {
	a := here.serve(t)
	ping := `{"type":"ping","id":1}` + "\n"
	open := func(key string, deadlineMs, heartbeatMs int) string {
		return fmt.Sprintf(`{"type":"open","protocol":1,"key":"%s","deadlineMs":%d,"heartbeatMs":%d}`+"\n", key, deadlineMs, heartbeatMs)
	}
	long := open(testKey, 60000, 60000)
	for _, row := range []struct {
		name, in string
		close    bool
		want     string // of the last line: its type, or the message of an error
	}{
		{"end of stdin", long, true, "bye"},
		{"end of stdin before open", "", true, "bye"},
		{"stdin cut within a line", long + `{"type":"pi`, true, "bye"},
		{"stdin cut before a line's end", long + `{"type":"reboot"}`, true, "bye"},
		{"bye", long + `{"type":"bye"}` + "\n", false, "bye"},
		{"a line that is no JSON", long + "{\n", false, "Cannot read the line: unexpected end of JSON input"},
		{"an unknown command", long + `{"type":"reboot"}` + "\n", false, `Cannot obey "reboot": no such command`},
		{"a command before open", ping, false, errNotOpen.Error()},
		{"open twice", long + long, false, errNotOpen.Error()},
		{"an over-long line", long + `{"type":"ping","id":1,"pad":"` + strings.Repeat("x", maxLine) + `"}` + "\n", false, "Cannot read the line: longer than 1048576 bytes"},
		{"an over-long line without end", long + strings.Repeat(" ", 2*maxLine), false, "Cannot read the line: longer than 1048576 bytes"},
		{"another run's key", open(otherKey, 60000, 60000), false, errOtherRun.Error()},
		{"the deadline", open(testKey, 100, 60000), false, errDeadline.Error()},
		{"a lost heartbeat", open(testKey, 60000, 50), false, errSilent.Error()},
	} {
		c := a.session(t)
		if row.name == "another run's key" { // the agent has its key from the rows before
			a.open(t)
		}
		go func(in string, andClose bool) {
			c.stdin.Write([]byte(in))
			if andClose {
				c.stdin.Close()
			}
		}(row.in, row.close)
		last := c.last()
		if got := last.Type + last.Message; got != row.want && got != "error"+row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
		if last.Type == "bye" && last.Lines != last.Line {
			t.Errorf("%s: bye counts %d lines, itself being line %d", row.name, last.Lines, last.Line)
		}
		if code := c.process.ProcessState.ExitCode(); (code == 0) != (row.want == "bye") {
			t.Errorf("%s: exit code %d", row.name, code)
		}
	}
}

func TestALineOfOneMebibyteIsTaken(t *testing.T) {
	c, _ := here.serve(t).open(t)
	line := `{"type":"ping","id":5,"pad":""}`
	line = strings.Replace(line, `""`, `"`+strings.Repeat("x", maxLine-len(line))+`"`, 1)
	c.write(line + "\n")
	if got := c.next("pong"); got.ID != 5 {
		t.Errorf("%+v", got)
	}
}

func TestHeartbeatsComeAndAnyLineKeepsTheSessionAlive(t *testing.T) {
	c := here.serve(t).session(t)
	c.send(fields{"type": "open", "protocol": 1, "key": testKey, "deadlineMs": 60000, "heartbeatMs": 60})
	c.next("hello")
	for i := 0; i < 6; i++ { // twice as long as silence may last
		at := c.next("heartbeat").At
		if away := at - float64(time.Now().UnixMicro())/1000; away < -5000 || away > 5000 {
			t.Errorf("a heartbeat at %v", at)
		}
		c.send(fields{"type": "end-phase", "id": i})
		if got := c.next("phase-ended"); got.ID != i {
			t.Errorf("%+v", got)
		}
	}
	if got := c.end(); got.Type != "bye" {
		t.Errorf("%+v", got)
	}
}

func TestASessionMayComeBeforeItsServingProcess(t *testing.T) {
	a := &agent{place: here, control: controlName()}
	c := a.session(t)
	c.send(openCommand(testKey))
	time.Sleep(50 * time.Millisecond) // likely, not certainly, long enough for a first vain attempt
	a.start(t)
	c.next("hello")
}

func TestASessionWithoutServingProcess(t *testing.T) {
	_, _, err := joinServe(controlName(), make(hexKey, 32), 30*time.Millisecond)
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v", err)
	}
}

func TestASessionWhoseServingProcessDiesGoesOnUntilItNeedsIt(t *testing.T) {
	port := freePorts(t, 1)[0]
	a := here.serve(t, "--tcp", portText(port))
	c, _ := a.open(t)
	if got := c.one(1000, to("TCP", "127.0.0.1", port)); got.Outcome != "answered" {
		t.Fatalf("%+v", got)
	}
	a.kill()
	if got := c.one(1000, to("TCP", "127.0.0.1", port)); got.Outcome != "refused" {
		t.Errorf("%+v", got)
	}
	c.send(fields{"type": "receipts", "id": 1, "nonces": []string{}})
	if got := c.last(); got.Type != "error" || !strings.HasPrefix(got.Message, "Cannot ask the serving process") {
		t.Errorf("%+v", got)
	}
}

func TestSeveralSessionsOfOneRun(t *testing.T) {
	port := freePorts(t, 1)[0]
	a := here.serve(t, "--tcp", portText(port))
	first, one := a.open(t)
	second, two := a.open(t)
	if one.Instance != two.Instance {
		t.Errorf("%q and %q", one.Instance, two.Instance)
	}
	for _, c := range []*client{first, second} {
		if got := c.one(1000, to("TCP", "127.0.0.1", port)); got.Outcome != "answered" || got.Instance != one.Instance {
			t.Errorf("%+v", got)
		}
	}
}

func TestReceiptsTellWhatArrivedAndFromWhere(t *testing.T) {
	ports := freePorts(t, 3)
	a := here.serve(t, "--tcp", portText(ports[0]), "--udp", portText(ports[1]), "--health", portText(ports[2]))
	c, _ := a.open(t)
	tcp, udp := to("TCP", "127.0.0.1", ports[0]), to("UDP", "127.0.0.1", ports[1])
	before := float64(time.Now().UnixMicro()) / 1000
	health := with(to("TCP", "127.0.0.1", ports[2]), "handshake", true)
	results, _ := c.run(1000, tcp, udp, health)
	ask := func(since float64, nonces ...any) object {
		c.send(fields{"type": "receipts", "id": 4, "nonces": nonces, "healthSince": since})
		return c.next("receipts")
	}
	got := ask(before, udp["nonce"], tcp["nonce"], fmt.Sprintf("%032x", 1<<40), tcp["nonce"])
	if len(got.Arrived) != 2 || got.Forgotten != 0 || got.ID != 4 {
		t.Fatalf("%+v", got)
	}
	for _, one := range got.Arrived {
		p := tcp
		if one.Protocol.String() == "UDP" {
			p = udp
		}
		nonce, _ := one.Nonce.MarshalText()
		sent := results[p["id"].(int)]
		if string(nonce) != p["nonce"] || one.Port != p["port"] || one.From.String() != sent.SeenAs || float64(one.At) < sent.At-1 {
			t.Errorf("%+v for %+v", one, sent)
		}
	}
	for len(got.Health) == 0 { // the probe's handshake stands before the listener has taken it
		got = ask(before)
	}
	if len(got.Health) != 1 || got.Health[0] < before {
		t.Errorf("health: %v since %v", got.Health, before)
	}
	if got := ask(got.Health[0] + 0.001); len(got.Health) != 0 {
		t.Errorf("health: %v", got.Health)
	}
}
