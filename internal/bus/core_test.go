package bus

import (
	"reflect"
	"testing"

	"hailong/internal/fact"
)

// A kiosk that was upgraded starts without a connection on what the program
// before it stored; one that was not takes what a newer server says.
func TestConfigurationOfOtherVersions(t *testing.T) {
	first := []any{"K01", "MC", "Quầy", "Sở", []string{"s1"}, make([]byte, 32), true}
	want := KioskConfig{Kiosk: "K01", Desk: "MC", DeskName: "Quầy", UnitName: "Sở", Servers: []string{"s1"}, Seal: make([]byte, 32), Admitted: true}
	now := want
	now.Patterns, now.DeskEN, now.UnitEN = []string{"x"}, "Desk", "Office"
	second := now // what the program before this one knew
	now.Service, now.Questionnaire, now.Languages, now.Hours, now.PublicURL = 2, []byte("{}"), []string{"vi", "lo"}, "T2-T6", "https://d.example.vn"
	now.Kept = []uint16{365, 90}
	known := append(append([]any{}, first...), []string{"x"}, "Desk", "Office")
	for name, c := range map[string]struct {
		stored any
		want   KioskConfig
	}{
		"first version": {first, want},
		"second":        {known, second},
		"this version":  {&now, now},
		"newer version": {append(known, 2, []byte("{}"), []string{"vi", "lo"}, "T2-T6", "https://d.example.vn", []uint16{365, 90}, map[string]int{"new": 1}), now},
	} {
		data, err := fact.Marshal(c.stored)
		if err != nil {
			t.Fatal(err)
		}
		var got KioskConfig
		if err := fact.Unmarshal(data, &got); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	for name, bad := range map[string]any{"too short": first[:6], "another type": append([]any{1}, first[1:]...), "no list": "x"} {
		data, err := fact.Marshal(bad)
		if err != nil {
			t.Fatal(err)
		}
		got := want
		if err := fact.Unmarshal(data, &got); err == nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
