package main

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What a packet filter and missing routes look like to a probe, in a network namespace of the test's own.

// newNamespace runs a script of ip and nft commands in a fresh namespace, which lasts as long as the test.
func newNamespace(t *testing.T, script string) place {
	t.Helper()
	unshare, enter := []string{"unshare", "-n"}, []string{"nsenter", "-n"}
	if os.Getuid() != 0 {
		unshare, enter = []string{"unshare", "-Urn"}, []string{"nsenter", "-U", "--preserve-credentials", "-n"}
	}
	for _, tool := range []string{"unshare", "nsenter", "ip", "nft"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(err)
		}
	}
	// The shell holds the namespace and goes when its stdin ends, even if this process is killed.
	holder := exec.Command(unshare[0], append(unshare[1:], "sh", "-c", "set -e; ip link set lo up; "+script+"\necho ready; read line")...)
	stdin, _ := holder.StdinPipe()
	stdout, _ := holder.StdoutPipe()
	var complaints strings.Builder
	holder.Stderr = &complaints
	if err := holder.Start(); err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		holder.Wait()
	})
	if line, _ := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		stdin.Close()
		holder.Wait()
		complaint := strings.TrimSpace(complaints.String())
		if !strings.Contains(complaint, "not permitted") && !strings.Contains(complaint, "not supported") {
			t.Fatal("network namespace: " + complaint)
		}
		t.Skip("no network namespace: " + complaint)
	}
	return append(enter, "-t", strconv.Itoa(holder.Process.Pid))
}

const filter = `
nft -f - <<END
table inet probe {
  chain output {
    type filter hook output priority 0
    meta l4proto {tcp, udp} th dport 1001 drop
  }
  chain input {
    type filter hook input priority 0
    meta l4proto {tcp, udp} th dport 1002 drop
    meta l4proto {tcp, udp} th dport 1003 reject with icmpx port-unreachable
    meta l4proto {tcp, udp} th dport 1004 reject with icmpx host-unreachable
    meta l4proto {tcp, udp} th dport 1005 reject with icmpx admin-prohibited
    meta l4proto {tcp, udp} th dport 1006 reject with icmpx no-route
    meta l4proto {tcp, udp} th sport 1007 ct state established drop
    tcp dport 1008 reject with tcp reset
  }
}
END`

func TestWhatAPacketFilterLooksLike(t *testing.T) {
	t.Parallel()
	there := newNamespace(t, filter)
	a := there.serve(t, "--tcp", "1000-1008", "--udp", "1000-1008")
	c, _ := a.open(t)
	for _, address := range []string{"127.0.0.1", "::1"} {
		admin := "EHOSTUNREACH"
		if address == "::1" {
			if !hasIPv6() {
				continue
			}
			admin = "EACCES"
		}
		rows := []struct {
			name     string
			protocol string
			port     int
			outcome  outcome
			errno    string
		}{
			{"nothing in the way", "TCP", 1000, answered, ""},
			{"nothing in the way", "UDP", 1000, answered, ""},
			{"dropped on the way out", "TCP", 1001, timedOut, ""},
			{"dropped on the way out", "UDP", 1001, unreachable, "EPERM"},
			{"dropped on the way in", "TCP", 1002, timedOut, ""},
			{"dropped on the way in", "UDP", 1002, timedOut, ""},
			{"port unreachable", "TCP", 1003, refused, "ECONNREFUSED"},
			{"port unreachable", "UDP", 1003, refused, "ECONNREFUSED"},
			{"host unreachable", "TCP", 1004, unreachable, "EHOSTUNREACH"},
			{"host unreachable", "UDP", 1004, unreachable, "EHOSTUNREACH"},
			{"prohibited", "TCP", 1005, unreachable, admin},
			{"prohibited", "UDP", 1005, unreachable, admin},
			{"network unreachable, said the network", "TCP", 1006, unreachable, "ENETUNREACH"},
			{"network unreachable, said the network", "UDP", 1006, unreachable, "ENETUNREACH"},
			{"answer dropped", "UDP", 1007, timedOut, ""},
			{"reset", "TCP", 1008, refused, "ECONNREFUSED"},
		}
		var all, rejected []fields
		for _, row := range rows {
			p := to(row.protocol, address, row.port)
			all = append(all, p)
			// On loopback over IPv6 the ICMP message finds connect holding the socket and is not heard; that for the
			// SYN repeated after a second is.
			if address == "::1" && row.protocol == "TCP" && row.port >= 1003 && row.port <= 1006 {
				rejected = append(rejected, p)
			}
		}
		results, _ := c.run(300, all...)
		again, _ := c.run(5000, rejected...)
		for id, got := range again {
			results[id] = got
		}
		for i, row := range rows {
			got := results[all[i]["id"].(int)]
			if got.Outcome != string(row.outcome) || got.Errno != row.errno {
				t.Errorf("%s %s, %s: got %q %q, want %q %q", row.protocol, address, row.name, got.Outcome, got.Errno, row.outcome, row.errno)
			}
			// The request whose answer was dropped has a receipt all the same: it was one-way.
			if row.port == 1007 {
				c.send(fields{"type": "receipts", "id": 1, "nonces": []any{all[i]["nonce"]}})
				if got := c.next("receipts"); len(got.Arrived) != 1 {
					t.Errorf("%s: %+v", row.name, got)
				}
			}
		}
		c.send(fields{"type": "end-phase", "id": 1})
		c.next("phase-ended")
	}
}

func TestAThousandDroppedConnectionsCostOneTimeOut(t *testing.T) {
	c, _ := newNamespace(t, filter).serve(t, "--tcp", "1002").open(t)
	var all []fields
	for i := 0; i < 1000; i++ {
		all = append(all, with(to("TCP", "127.0.0.1", 1002), "sourcePort", 20000+i))
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

func TestADropThatIsLiftedLetsLingeringConnectionsIn(t *testing.T) {
	t.Parallel()
	there := newNamespace(t, filter)
	c, _ := there.serve(t, "--tcp", "1001,1002").open(t)
	out, in := to("TCP", "127.0.0.1", 1001), to("TCP", "127.0.0.1", 1002)
	results, _ := c.run(100, out, in)
	if results[out["id"].(int)].Outcome != "timed-out" || results[in["id"].(int)].Outcome != "timed-out" {
		t.Fatalf("%+v", results)
	}
	if text, err := there.command("nft", "flush", "ruleset").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	for i := 0; i < 2; i++ {
		if got := c.next("result"); !got.IsLate || got.Outcome != "answered" || got.Ms < 500 {
			t.Errorf("%+v", got)
		}
	}
}

func TestUDPIsAnsweredFromTheAddressThatWasAsked(t *testing.T) {
	// The kernel takes its time to route an IPv6 address that it has just been given.
	there := newNamespace(t, `
ip addr add 10.9.0.1/32 dev lo; ip addr add 10.9.0.2/32 dev lo
if ip -6 addr add fd00:9::1/128 dev lo nodad && ip -6 addr add fd00:9::2/128 dev lo nodad; then
  until [ $(ip -6 route show table local | grep -c "fd00:9::[12]") = 2 ]; do :; done
fi`)
	c, hello := there.serve(t, "--udp", "53").open(t)
	if len(hello.Addresses) < 2 {
		t.Fatalf("addresses: %v", hello.Addresses)
	}
	var all []fields
	for _, address := range hello.Addresses {
		all = append(all, to("UDP", address, 53))
	}
	results, _ := c.run(1000, all...)
	for i, address := range hello.Addresses {
		if got := results[all[i]["id"].(int)]; got.Outcome != "answered" {
			t.Errorf("%s: %+v", address, got)
		}
	}
}

func TestWithoutRoutesAProbeIsNoEvidence(t *testing.T) {
	c, hello := newNamespace(t, "sysctl -qw net.ipv6.conf.all.disable_ipv6=1 || true").serve(t, "--tcp", "80", "--udp", "80").open(t)
	if len(hello.NotListening) != 0 || len(hello.Listening["TCP"]) != 1 {
		t.Errorf("where IPv6 is off: %+v", hello)
	}
	rows := []fields{to("TCP", "10.9.9.9", 80), to("UDP", "10.9.9.9", 80), to("TCP", "fd00:9::9", 80), to("UDP", "fd00:9::9", 80)}
	good := to("TCP", "127.0.0.1", 80)
	results, _ := c.run(1000, append(rows, good)...)
	for _, p := range rows {
		if got := results[p["id"].(int)]; got.Outcome != "failed" || got.Errno != "ENETUNREACH" && got.Errno != "EADDRNOTAVAIL" {
			t.Errorf("%v %v: %+v", p["protocol"], p["address"], got)
		}
	}
	if got := results[good["id"].(int)]; got.Outcome != "answered" {
		t.Errorf("%+v", got)
	}
}

func TestAnAddressThatNobodyHasIsUnreachable(t *testing.T) {
	t.Parallel() // the kernel asks for the neighbour three times, a second apart
	there := newNamespace(t, "ip link add veth type veth peer name other; ip addr add 10.9.0.1/24 dev veth; ip link set veth up; ip link set other up")
	c, _ := there.serve(t).open(t)
	tcp, udp := to("TCP", "10.9.0.9", 80), to("UDP", "10.9.0.9", 80)
	results, _ := c.run(8000, tcp, udp)
	for _, p := range []fields{tcp, udp} {
		if got := results[p["id"].(int)]; got.Outcome != "unreachable" || got.Errno != "EHOSTUNREACH" {
			t.Errorf("%v: %+v", p["protocol"], got)
		}
	}
}

func TestPrefixesWithoutAGatewayAreTold(t *testing.T) {
	links := "for i in left right; do ip link add $i type veth peer name $i-far; ip link set $i up; ip link set $i-far up; done; "
	for name, row := range map[string]struct{ routes, want string }{
		"a bridge":                   {"ip addr add 10.9.0.2/24 dev left; ip route add default via 10.9.0.1", "10.9.0.0/24"},
		"a link with a gateway only": {"ip addr add 10.9.0.2/32 dev left; ip route add 169.254.1.1 dev left; ip route add default via 169.254.1.1 dev left", ""},
		"a prefix behind a gateway":  {"ip addr add 10.9.0.2/32 dev left; ip route add 10.9.0.1 dev left; ip route add 10.9.0.0/24 via 10.9.0.1 dev left", ""},
		"everything on the link":     {"ip addr add 10.9.0.2/32 dev left; ip route add default dev left", "0.0.0.0/0"},
		"a gateway of IPv6":          {"ip addr add 10.9.0.2/32 dev left; ip route add 10.9.0.0/24 via inet6 fe80::1 dev left", ""},
		"two gateways":               {"ip addr add 10.9.0.2/32 dev left; ip route add 10.9.0.1 dev left; ip route add 10.9.9.1 dev right; ip route add 10.8.0.0/16 nexthop via 10.9.0.1 nexthop via 10.9.9.1", ""},
		"what is thrown away":        {"ip route add blackhole 10.8.0.0/16", ""},
		"IPv6":                       {"ip addr add fd00:9::2/64 dev left nodad", "fd00:9::/64"},
	} {
		name, row := name, row
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.Contains(name, "IPv6") && !hasIPv6() {
				t.Skip("no IPv6 here")
			}
			_, hello := newNamespace(t, links+row.routes).serve(t).open(t)
			if got := strings.Join(hello.OnLink, " "); got != row.want {
				t.Errorf("%q, not %q", got, row.want)
			}
		})
	}
}
