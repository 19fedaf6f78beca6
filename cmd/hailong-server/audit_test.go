package main

import (
	"encoding/json"
	"strings"
	"testing"

	"hailong/server/access"
	"hailong/server/api"
)

// What was changed on a real server is in its log, with who did it and from where;
// whoever looks after a unit alone does not see it.
func TestAuditLog(t *testing.T) {
	s := organised(t, "--trusted-proxy=127.0.0.1/32")
	auditor := s.guest(access.Auditor, "")
	var acts api.Acts
	if body := s.get("/api/v1/audit?action=organisation.load"); json.Unmarshal([]byte(body), &acts) != nil || len(acts.Acts) == 0 {
		t.Fatal(body)
	}
	if a := acts.Acts[0]; a.Via != "command" || a.State != "here" || a.Name != "operator" || a.From != "127.0.0.1" || len(a.Changes) == 0 {
		t.Errorf("%+v", a)
	}
	eventually(t, "the account is on record", func() bool { return strings.Contains(s.get("/api/v1/audit?q=auditor"), "account.create") })
	if body := ask(t, "GET", s.url+"/api/v1/audit?action=account.create&q=auditor", "", auditor.headers...).body; json.Unmarshal([]byte(body), &acts) != nil || len(acts.Acts) != 1 || acts.Acts[0].Changes[0].After["role"] != "auditor" {
		t.Error(body)
	}
	if page := ask(t, "GET", s.url+"/audit", "", append(auditor.headers, "Accept", "text/html")...).body; !strings.Contains(page, "Nạp cơ cấu tổ chức") || !strings.Contains(page, "127.0.0.1") {
		t.Error(page)
	}
	// Behind a proxy that is trusted, it is the address before it.
	if a := ask(t, "GET", s.url+"/audit/file", "", append(auditor.headers, "X-Forwarded-For", "198.51.100.1, 203.0.113.9")...); a.status != 200 {
		t.Error(a)
	}
	eventually(t, "the download is on record", func() bool { return strings.Contains(s.get("/api/v1/audit?action=audit.export"), "audit.export") })
	if body := s.get("/api/v1/audit?action=audit.export"); json.Unmarshal([]byte(body), &acts) != nil || len(acts.Acts) != 1 || acts.Acts[0].From != "203.0.113.9" || acts.Acts[0].Name != auditor.Name {
		t.Error(body)
	}
}
