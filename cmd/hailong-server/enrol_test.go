package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"hailong/internal/survey"
	"hailong/server/api"
)

// codeFor asks for an enrolment code as an operator does.
func (s *station) codeFor(kiosk string) (c api.EnrolCode) {
	s.t.Helper()
	s.postJSON("/api/v1/kiosks/codes", api.CodeRequest{Kiosk: kiosk}, 200, &c)
	return c
}

// bring runs `hailong-kiosk enrol`, and gives what it said and its exit code.
func bring(t testing.TB, data string, more ...string) (said string, code int) {
	t.Helper()
	out, err := exec.Command(kioskProgram(t), append([]string{"enrol", "--data=" + data}, more...)...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if exit != nil {
		code = exit.ExitCode()
	}
	return string(out), code
}

// startEnrolled starts a kiosk that was let in: it is told nothing more.
func startEnrolled(t testing.TB, data string) *counter {
	t.Helper()
	k := &counter{t: t, data: data}
	k.process = launch(t, nil, kioskProgram(t), "--log-level=debug", "serve", "--data="+data, "--listen=127.0.0.1:0")
	k.url = k.says(`msg="hailong-kiosk is ready" screen=(\S+)`)
	return k
}

// TestEnrol goes from the administrator's code to a rating that counts, over TLS
// with the servers' own authority, and refuses what is not right on the way.
func TestEnrol(t *testing.T) {
	s := start(t, filepath.Join(t.TempDir(), "server"), "--tls=local")
	trusted := client.Transport
	client.Transport = &http.Transport{TLSClientConfig: s.pin().TLS("127.0.0.1")}
	t.Cleanup(func() { client.Transport = trusted })
	s.url = "https://" + s.Addr()
	s.organise(nil)
	if a := ask(t, "GET", s.url+"/readyz", ""); a.header.Get("Strict-Transport-Security") == "" {
		t.Error("browsers are not told to come by https alone")
	}
	c, data := s.codeFor("K01"), t.TempDir()
	if c.Server != s.url || c.Pin != s.pin().String() {
		t.Errorf("%+v", c)
	}
	right := []string{"--server=" + c.Server, "--pin=" + c.Pin, "--code=" + strings.ToLower(c.Code)}
	for name, x := range map[string]struct {
		args []string
		want string
	}{
		"no pin":        {[]string{right[0], right[2]}, "try: --pin=SHA256:…"},
		"a wrong pin":   {[]string{right[0], "--pin=SHA256:" + strings.Repeat("ab", 32), right[2]}, "compare address and --pin"},
		"without TLS":   {[]string{"--server=http://" + s.Addr(), right[1], right[2]}, "try"},
		"a wrong code":  {[]string{right[0], right[1], "--code=0000-0000-0000-0000"}, string(survey.CodeEnrolmentCode)},
		"no code":       {right[:2], string(survey.CodeNotAdmitted)},
		"in the clear":  {[]string{"--server=http://10.1.2.3:8080", right[2]}, "would send the code where others can read it"},
		"no address":    {[]string{"--server=hailong", right[2]}, "is not a server's address"},
		"nobody there":  {[]string{"--server=https://127.0.0.1:1", right[1], right[2]}, "does not answer"},
		"a path":        {[]string{right[0] + "/admin", right[1], right[2]}, "is not a server's address"},
		"not of a unit": {[]string{right[0], right[1], "--code=" + strings.Repeat("x", 300)}, string(survey.CodeEnrolmentCode)},
	} {
		said, code := bring(t, t.TempDir(), x.args...)
		if code != 1 || !strings.Contains(said, x.want) || strings.Contains(said, "goroutine") {
			t.Errorf("%s: exit %d: %s", name, code, said)
		}
	}
	said, code := bring(t, data, right...)
	if code != 0 || !strings.Contains(said, "Enrolled as K01") || !regexp.MustCompile(`(?m)^  ([0-9a-f]{4} ?){16}$`).MatchString(said) {
		t.Fatalf("exit %d: %s", code, said)
	}
	if said, code := bring(t, t.TempDir(), right...); code != 1 || !strings.Contains(said, string(survey.CodeEnrolmentCode)) {
		t.Errorf("the code again: exit %d: %s", code, said)
	}
	if info, err := os.Stat(filepath.Join(data, "enrolment.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	k := startEnrolled(t, data)
	k.placed()
	receipt := s.register("MC-VPUB", anHourAgo(), "000.00.17.H41-261123-0001")[0]
	k.rate(receipt.ID, 5, "")
	s.has(k)
	st := k.status()
	if !st.Admitted || !st.Enrolled || st.Server != c.Server || !strings.Contains(said, st.Fingerprint) {
		t.Errorf("%+v", st)
	}
	// The stream is not reached without TLS, nor by who trusts no authority of ours.
	if _, err := tls.Dial("tcp", s.Addr(), &tls.Config{MinVersion: tls.VersionTLS12}); err == nil {
		t.Error("a certificate that nobody vouches for is trusted")
	}
	for _, secret := range []string{c.Code, strings.ReplaceAll(c.Code, "-", "")} {
		if strings.Contains(s.book.String()+k.text(), secret) {
			t.Error("the code was logged")
		}
	}
}

// status is what the kiosk tells of itself.
func (k *counter) status() (s struct {
	Admitted, Enrolled          bool
	Server, Fingerprint, Origin string
	Backlog                     int64
}) {
	k.t.Helper()
	pin, err := exec.Command(kioskProgram(k.t), "pin", "--data="+k.data).Output()
	if err != nil {
		k.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodGet, k.url+"/status", nil)
	if err != nil {
		k.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(pin)))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		k.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil {
		err = json.Unmarshal(body, &s)
	}
	if err != nil {
		k.t.Fatal(err)
	}
	return s
}

// A kiosk that nobody let in records all the same; enrolled by a command beside
// it, it sends all that it recorded, without a restart.
func TestEnrolledWhileItRuns(t *testing.T) {
	s := organised(t)
	data := t.TempDir()
	k := startEnrolled(t, data)
	receipts := s.register("MC-VPUB", anHourAgo(), code(1), code(2))
	k.rate(receipts[0].ID, 5, "")
	k.rate(receipts[1].ID, 4, "")
	if st := k.status(); st.Enrolled || st.Backlog == 0 {
		t.Errorf("%+v", st)
	}
	c := s.codeFor("K01")
	if said, code := bring(t, data, "--server="+c.Server, "--code="+c.Code); code != 0 {
		t.Fatal(said)
	}
	k.placed()
	s.has(k)
	eventually(t, "nothing is left to send", func() bool { return k.status().Backlog == 0 })
}

// After its key was revoked no code lets a device in, and it goes on recording.
func TestRevokedIsNotEnrolledAgain(t *testing.T) {
	s := organised(t)
	data := t.TempDir()
	c := s.codeFor("K01")
	if said, code := bring(t, data, "--server="+c.Server, "--code="+c.Code); code != 0 {
		t.Fatal(said)
	}
	k := startEnrolled(t, data)
	k.placed()
	s.postJSON("/api/v1/kiosks/revoke", api.RevokeRequest{Key: k.key(), Reason: "mất máy"}, 200, nil)
	for _, with := range [][]string{{"--code=" + s.codeFor("K01").Code}, nil} {
		if said, code := bring(t, data, append(with, "--server="+c.Server)...); code != 1 || !strings.Contains(said, string(survey.CodeKeyRevoked)) {
			t.Errorf("exit %d: %s", code, said)
		}
	}
	receipt := s.register("MC-VPUB", anHourAgo(), code(1))[0]
	k.rate(receipt.ID, 5, "")
	// A new key is another device, and the code may be used for it.
	if said, code := bring(t, t.TempDir(), "--server="+c.Server, "--code="+s.codeFor("K01").Code); code != 0 {
		t.Error(said)
	}
}

// A disk that was copied and runs beside the original is noticed: the two
// devices with one key go on in chains of their own, and the operators' page has
// them both.
func TestStolenDisk(t *testing.T) {
	s := organised(t)
	data, stolen := t.TempDir(), filepath.Join(t.TempDir(), "stolen")
	c := s.codeFor("K01")
	if said, code := bring(t, data, "--server="+c.Server, "--code="+c.Code); code != 0 {
		t.Fatal(said)
	}
	k := startEnrolled(t, data)
	k.placed()
	receipts := s.register("MC-VPUB", anHourAgo(), code(1), code(2), code(3), code(4), code(5))
	k.rate(receipts[0].ID, 5, "")
	s.has(k)
	if code, _ := k.stop(); code != 0 {
		t.Fatal("the kiosk ended with", code)
	}
	if out, err := exec.Command("cp", "-a", data, stolen).CombinedOutput(); err != nil {
		t.Fatal(string(out))
	}
	first := k.origins(s)
	k = startEnrolled(t, data)
	thief := startEnrolled(t, stolen)
	for i := 1; i < 5; i += 2 {
		k.rate(receipts[i].ID, 5, "")
		thief.rate(receipts[i+1].ID, 1, "")
	}
	eventually(t, "two chains of one key are known", func() bool { return k.origins(s) > first })
	for _, device := range []*counter{k, thief} {
		eventually(t, "nothing is left to send", func() bool { return device.status().Backlog == 0 })
	}
	if k.status().Origin == thief.status().Origin {
		t.Error("both go on in one chain")
	}
	page := look(t, s.url+"/status", s.operator()...)
	for _, o := range []string{k.status().Origin, thief.status().Origin} {
		if !strings.Contains(page.body, o[:8]) {
			t.Errorf("the operators' page does not show %s", o)
		}
	}
}

// origins counts the chains of the kiosk's key that the server knows.
func (k *counter) origins(s *station) (n int) {
	k.t.Helper()
	err := s.proj.Reader().QueryRowContext(k.t.Context(), `SELECT count(*) FROM origin WHERE hex(public) = upper(?)`, k.key()).Scan(&n)
	if err != nil {
		k.t.Fatal(err)
	}
	return n
}

// A credential that NATS does not take, as one of before the servers' key was
// another, is replaced without anybody's help.
func TestCredentialIsRenewed(t *testing.T) {
	s, other := organised(t), organised(t)
	data := t.TempDir()
	c := other.codeFor("K01")
	if said, code := bring(t, data, "--server="+c.Server, "--code="+c.Code); code != 0 {
		t.Fatal(said)
	}
	path := filepath.Join(data, "enrolment.json")
	kept := func() (m map[string]any) {
		t.Helper()
		text, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(text, &m)
		}
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	stale := kept()["jwt"]
	c = s.codeFor("K01")
	if said, code := bring(t, data, "--server="+c.Server, "--code="+c.Code); code != 0 {
		t.Fatal(said)
	}
	now := kept()
	right := now["jwt"]
	now["jwt"] = stale
	text, err := json.Marshal(now)
	if err == nil {
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	k := startEnrolled(t, data)
	k.placed()
	if now := kept()["jwt"]; now == stale || now == "" || right == stale {
		t.Error("the stale credential is kept")
	}
}
