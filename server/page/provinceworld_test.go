package page_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"hailong/internal/survey"
)

// provinceUnits are a province with a city in it: kind, code, name, parent, mean
// ballots a working day, share satisfied two years ago and now.
var provinceUnits = []struct {
	kind, code, name, parent string
	mean, was, rate          float64
}{
	{"tinh", "H41", "Ủy ban nhân dân tỉnh Nghệ An", "", 0, 0, 0},
	{"so", "VPUB", "Văn phòng Ủy ban nhân dân tỉnh", "H41", 3, .95, .96},
	{"so", "SKHDT", "Sở Kế hoạch và Đầu tư", "H41", 14, .96, .975},
	{"so", "STNMT", "Sở Tài nguyên và Môi trường", "H41", 22, .95, .905},
	{"so", "SXD", "Sở Xây dựng", "H41", 9, .95, .952},
	{"so", "SGTVT", "Sở Giao thông Vận tải", "H41", 31, .93, .972},
	{"so", "STC", "Sở Tài chính", "H41", .3, .9, .9},
	{"tp", "VINH", "Ủy ban nhân dân thành phố Vinh", "H41", 46, .955, .962},
	{"phuong", "16681", "Phường Bến Thủy", "VINH", 6, .9, .935},
	{"phuong", "16690", "Phường Hà Huy Tập", "VINH", 7, .92, .865},
	{"phuong", "16702", "Phường Hưng Dũng", "VINH", 5, .93, .95},
	{"phuong", "16708", "Phường Quang Trung", "VINH", 3, .95, .97},
	{"xa", "16738", "Xã Nghi Phú", "VINH", 1.2, .9, .9},
	{"xa", "16744", "Xã Nghi Kim", "VINH", .2, .95, .95},
	{"sn", "BVDK", "Bệnh viện Đa khoa Thành phố Vinh", "VINH", 27, .88, .912},
}

// fillProvince makes two years of the province, up to the site's day.
func (s *site) fillProvince() {
	r := rand.New(rand.NewPCG(3, 5))
	rows := []say{
		row(insertKind, "tinh", "Ủy ban nhân dân tỉnh", "Provincial People's Committee"), row(insertKind, "so", "Sở, ban, ngành", "Department"),
		row(insertKind, "tp", "Thành phố", "City"), row(insertKind, "phuong", "Phường", "Ward"), row(insertKind, "xa", "Xã", "Commune"), row(insertKind, "sn", "Đơn vị sự nghiệp", "Public unit"),
		row(insertTarget, "so", 1, 9500), row(insertTarget, "tp", 1, 9500), row(insertTarget, "phuong", 1, 9000),
		row(insertTarget, "xa", 1, 9000), row(insertTarget, "sn", 2, 9000),
		row(`INSERT INTO setting VALUES ('sample', 'true'), ('timeliness/so', '2018-01-01 =100 >=30'), ('timeliness/tp', '2018-01-01 >98 >=25')`),
	}
	for i, u := range provinceUnits {
		id, desk := int64(i+1), int64(i+101)
		service := 1
		if u.kind == "sn" {
			service = 2
		}
		rows = append(rows, row(insertUnit, u.code, id, u.name, "", u.kind, u.parent))
		if u.mean == 0 {
			continue
		}
		rows = append(rows, row(insertDesk, "MC-"+u.code, desk, u.code, "Bộ phận Tiếp nhận và Trả kết quả", "One-stop desk", service), row(insertCell, id, id, service, desk))
		if u.code == "SXD" { // also received at the city's desk
			rows = append(rows, row(insertCell, 201, id, 1, 108))
		}
		var open [8]int64
		begin := survey.Day(0)
		for d := monday - 729; d <= monday; d++ {
			mean := u.mean
			switch {
			case d.Weekday() == time.Sunday:
				continue
			case d.Weekday() == time.Saturday:
				mean /= 4
			case d == monday:
				mean /= 3
			}
			share := u.was + (u.rate-u.was)*float64(729-(monday-d))/729
			var n survey.Counts
			for range int(mean*(.6+.8*r.Float64()) + r.Float64()) {
				if r.Float64() < share {
					n[4-min(1, r.IntN(3)/2)]++
				} else {
					n[[]int{2, 2, 2, 1, 1, 0}[r.IntN(6)]]++
				}
			}
			a := n.Answers()
			day := [8]int64{n[0], n[1], n[2], n[3], n[4], a - a/4, a - a/9, a / 15}
			if open == ([8]int64{}) {
				begin = d
			}
			for i, v := range day {
				open[i] += v
			}
			if o := open; o[0]+o[1]+o[2]+o[3]+o[4] >= survey.LeastShown {
				rows = append(rows, row(insertBlock, id, d, begin, o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7]))
				if u.code == "SXD" {
					rows = append(rows, row(insertBlock, 201, d, begin, o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7]), row(insertCellDay, 201, d, o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7]))
				}
				open = [8]int64{}
			}
			if a > 0 {
				rows = append(rows, row(insertCellDay, id, d, n[0], n[1], n[2], n[3], n[4], day[5], day[6], day[7]))
			}
			dossiers := a*5/2 + int64(r.IntN(3))
			rows = append(rows, row(insertWalkIn, desk, d, 0, 0, 0, r.IntN(2), r.IntN(2)), row(insertDossier, id, service, d, dossiers, a))
			if service == 1 {
				late := int64(0)
				if r.IntN(9) == 0 && u.code != "SKHDT" {
					late = dossiers / 12
				}
				early := dossiers * int64(25+i) / 100
				rows = append(rows, row(`INSERT INTO return_day VALUES (?, 1, ?, ?, ?, ?, ?)`, id, d, early, dossiers-early-late, late, r.IntN(2)))
			}
		}
	}
	s.write(rows...)
}

// square is a small GeoJSON with an area for each code, side by side.
func square(codes ...string) string {
	text := `{"type":"FeatureCollection","features":[`
	for i, code := range codes {
		if i > 0 {
			text += ","
		}
		x := 105 + float64(i)/10
		text += fmt.Sprintf(`{"type":"Feature","properties":{"code":%q,"name":"Vùng %d"},"geometry":{"type":"Polygon","coordinates":[[[%g,18],[%g,18],[%g,18.1],[%g,18.1],[%g,18]]]}}`,
			code, i+1, x, x+.1, x+.1, x, x)
	}
	return text + `]}`
}
