package access

import (
	"cmp"
	"slices"
	"strings"
)

// Document tells for people who may ask for which route, as Markdown:
// deploy/access.md is it.
func Document() string {
	rules := slices.Clone(table)
	slices.SortFunc(rules, func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	var out strings.Builder
	out.WriteString(`# Ai được làm gì

Bảng này được tạo từ mã nguồn (server/access) và được kiểm tra với máy chủ thật trên từng đường dẫn, từng vai trò. *This table is generated, and tested on the real server, every route as every role.*

- ● được phép · *allowed*
- ◐ chỉ trong phạm vi của mình: đơn vị mình và các đơn vị bên dưới (quản lý đơn vị), đơn vị mình (cán bộ liên hệ, phần mềm một cửa), bộ phận mình (quản lý bộ phận) · *within the own unit and those below, the own unit, the own desk*
- → được đưa tới trang của mình · *led to the own page*
- trống: bị từ chối · *empty: refused*

Các thay đổi của quản trị cần xác thực hai bước. Lời góp ý chỉ hiện cho Sở Nội vụ, quản lý đơn vị, quản lý bộ phận, cán bộ liên hệ và cán bộ kiểm tra, mỗi người trong phạm vi của mình. *Changes by administrators need a second factor. Comments are shown to all but administrators and operators, each within their scope.*

«Vận hành» là dòng lệnh trên chính máy chủ, dùng tệp operator.token trong thư mục dữ liệu. Hệ thống giám sát đọc /metrics bằng chính mã đó. *«Operator» is the command line on the server's own machine, with operator.token of its data folder; what watches /metrics shows the same.*

| Đường dẫn | | mọi người |`)
	for _, name := range []string{"Sở Nội vụ", "quản lý đơn vị", "quản lý bộ phận", "cán bộ liên hệ", "kiểm tra", "quản trị", "phần mềm một cửa", "vận hành"} {
		out.WriteString(" " + name + " |")
	}
	out.WriteString("\n|" + strings.Repeat("---|", 3+len(columns)) + "\n")
	for _, rule := range rules {
		out.WriteString("| `" + rule.Path + "` | " + rule.Method + " |")
		if rule.May == nil {
			out.WriteString(" ● |" + strings.Repeat(" |", len(columns)))
		} else {
			out.WriteString(" |")
			for _, role := range columns {
				out.WriteString(" " + rule.sign(role) + " |")
			}
		}
		out.WriteString("\n")
	}
	return out.String()
}

// columns are the roles as the document has them.
var columns = append(slices.Clone(Roles), Operator)

// sign says what a rule gives a role.
func (r *Rule) sign(role Role) string {
	switch {
	case !r.may(role):
		return ""
	case slices.Contains(r.Home, role) && (role == Desk || len(r.Units) == 0):
		return "→"
	case slices.Contains(r.Home, role):
		return "→◐"
	case (role.OfUnit() || role.OfDesk()) && (len(r.Units) > 0 || r.Desk != "" || r.Within):
		return "◐"
	}
	return "●"
}
