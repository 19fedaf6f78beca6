package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

const telexPage = `<!doctype html><html lang="vi"><title>Telex</title><script src="/static/kiosk-telex.js"></script>`

// typed runs every pair of keys and expected text in the page and gives those
// that came out otherwise.
func typed(t *testing.T, ctx context.Context, pairs [][2]string) (wrong []string) {
	t.Helper()
	for part := range slices.Chunk(pairs, 20000) {
		data, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		wrong = append(wrong, get(t, ctx, chromedp.Evaluate[[]string](`(() => {
			const wrong = [];
			for (const [keys, want] of `+string(data)+`) {
				let text = "", caret = 0;
				for (const key of keys) ({ text, caret } = hailong.telex.type(text, caret, key));
				if (text !== want || caret !== want.length) wrong.push(keys + ": " + text + ", want " + want);
			}
			return wrong;
		})()`))...)
	}
	return wrong
}

func check(t *testing.T, ctx context.Context, pairs [][2]string) {
	t.Helper()
	if wrong := typed(t, ctx, pairs); len(wrong) > 0 {
		t.Errorf("%d of %d:\n%s", len(wrong), len(pairs), strings.Join(wrong[:min(len(wrong), 30)], "\n"))
	}
}

func TestTelexSyllables(t *testing.T) {
	ctx := browse(t, serve(t, telexPage))
	all := syllables()
	var pairs [][2]string
	seen := map[string]bool{}
	for _, s := range all {
		seen[s.text] = true
		for i, keys := range s.keys {
			pairs = append(pairs, [2]string{keys, s.text})
			if i == 0 {
				title := func(s string) string { r := []rune(s); return strings.ToUpper(string(r[:1])) + string(r[1:]) }
				pairs = append(pairs, [2]string{strings.ToUpper(keys), strings.ToUpper(s.text)})
				if !strings.HasPrefix(s.text, "ư") { // «uw»: the letter is the u, whatever the w
					pairs = append(pairs, [2]string{title(keys), title(s.text)})
				}
			}
		}
	}
	// The table is whole: words from all its corners are in it.
	for word := range strings.FieldsSeq("nghiêng khuỷu quyển thuở gì giếng ướt xoong hươu ngoéo uyên quốc đường yêu khuya nguệch giường") {
		if !seen[word] {
			t.Errorf("%s is not in the table", word)
		}
	}
	t.Logf("%d syllables in %d ways", len(seen), len(pairs))
	check(t, ctx, pairs)
}

func TestTelexText(t *testing.T) {
	ctx := browse(t, serve(t, telexPage))
	check(t, ctx, [][2]string{
		{"Tooi ddeens nopj hoof sow, ddwowcj tieeps ddons raats chu ddaos.", "Tôi đến nọp hồ sơ, được tiếp đón rất chu đáo."},
		{"Casn booj gia thichs kyx, nhwng phair chowf laau quas!", "Cán bộ gia thích kỹ, nhưng phải chờ lâu quá!"},
		{"UBND tinhr Ngheej An: dduwowngf Trwowngf Thi, TP. Vinh", "UBND tỉnh Nghệ An: đường Trường Thi, TP. Vinh"},
		{"HDDND xax; CCCD; BHXH; soos 12/2018/QDD-UBND", "HĐND xã; CCCD; BHXH; số 12/2018/QĐ-UBND"},
		{"COONGJ HOAF XAX HOOIJ CHUR NGHIAX VIEETJ NAM", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"},
		{"Thur tucj hanhf chinhs, khoer, thuyr, hoaf, quys, toanf, thuees", "Thủ tục hành chính, khỏe, thủy, hòa, quý, toàn, thuế"},
		{"Buoon Ma Thuootj, DDawks Lawks", "Buôn Ma Thuột, Đắk Lắk"},
		// The same key once more takes its effect back.
		{"aaa ooo eee ddd aww oww uww", "aa oo ee dd aw ow w"},
		{"ass aff arr axx ajj toanss", "as af ar ax aj toans"},
		{"aaaa asss dddd www", "aaa ass ddd ww"},
		{"cuwowww banaa banaaa", "cuoww bana banaa"},
		{"asz toansz z az", "a toan z az"},
		{"asf asfr toansj", "à ả toạn"},
		// Another mark takes the place of the one before.
		{"tuwowio caanw bawna toow tuoowi", "tuôi căn bân tơ tươi"},
		// What can't be Vietnamese is left alone.
		{"hello apple address bottle class committee Facebook Zalo Gmail internet SMS Kuwait follow", "hello apple address bottle class committee Facebook Zalo Gmail internet SMS Kuwait follow"},
		{"https://dichvucong.gov.vn/?x=1&z=2", "https://dichvucong.gov.vn/?x=1&z=2"},
		{"cacf catr tichx", "cacf catr tichx"}, // with c, t, ch at the end there are two tones only
	})
}

func TestTelexEditing(t *testing.T) {
	ctx := browse(t, serve(t, telexPage))
	for _, c := range []struct {
		text  string
		caret int
		key   string
		want  string
		after int
	}{
		{"xin chao ban", 8, "f", "xin chào ban", 8},
		{"xin chao ban", 3, "s", "xín chao ban", 3},
		{"xin chao ban", 0, "s", "sxin chao ban", 1},
		{"tieng", 3, "e", "tiêng", 3},
		{"tiếg", 3, "n", "tiếng", 4},
		{"đi 🚌 nhe", 9, "s", "đi 🚌 nhé", 9},
		{"", 0, "w", "ư", 1},
		{"a", 1, " ", "a ", 2},
		{"a", 1, "\n", "a\n", 2},
		{"ab", 1, "é", "aéb", 2},
		{"", 0, "Backspace", "", 0},
		{"ab", 0, "Backspace", "ab", 0},
		{"ab", 1, "Backspace", "b", 0},
		{"toán", 4, "Backspace", "tóa", 3},
		{"tóa", 3, "Backspace", "tó", 2},
		{"a 🚌", 4, "Backspace", "a ", 2},
		{"a 👩‍👩‍👧b", 10, "Backspace", "a b", 2},
		{"một hai", 4, "Backspace", "mộthai", 3},
		{"mo\u0323\u0302", 4, "t", "một", 3}, // decomposed, as a program may have left it
	} {
		got := get(t, ctx, chromedp.Evaluate[struct {
			Text  string
			Caret int
		}](fmt.Sprintf(`hailong.telex.type(%q, %d, %q)`, c.text, c.caret, c.key)))
		if got.Text != c.want || got.Caret != c.after {
			t.Errorf("%q at %d, key %q: %q at %d, want %q at %d", c.text, c.caret, c.key, got.Text, got.Caret, c.want, c.after)
		}
	}
}

// Whatever is typed: nothing throws, nothing but the word at the caret changes,
// and no more than that word's last key is undone.
func TestTelexAnyKeys(t *testing.T) {
	ctx := browse(t, serve(t, telexPage))
	if wrong := get(t, ctx, chromedp.Evaluate[[]string](`(() => {
		let seed = 20181116;
		const random = (n) => (seed = (seed * 1103515245 + 12345) % 2147483648, Math.floor(seed / 65536) % n);
		const keys = [..."aadeeiouywwsfrxjzdcghnmtbtqpkl AEDW.1'ơŷ😀", "Backspace", "\u0301", "ê"];
		const wrong = [];
		for (let round = 0; round < 3000; round++) {
			const before = "Đã nộp, ", after = [" rồi", "", "ng"][random(3)];
			let text = before + after, caret = before.length, done = "";
			for (let i = 0; i < 14; i++) {
				const key = keys[random(keys.length)];
				if (key === "Backspace" && caret <= before.length) continue;
				const was = text.slice(0, caret);
				done += key + " ";
				({ text, caret } = hailong.telex.type(text, caret, key));
				const now = text.slice(0, caret);
				const word = /[\p{L}\p{M}]*$/u.exec(was)[0];
				const kept = was.slice(0, was.length - word.length);
				const letters = (s) => s.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/đ/g, "d").replace(/Đ/g, "D");
				if (!text.endsWith(after) || (key !== "Backspace" && !now.startsWith(kept)) || !now.startsWith(before)) wrong.push(done + "→ " + text);
				else if (/^[a-z]$/i.test(key)) {
					// Plain letters stay, and the key adds at most one; a w alone may replace its own ư.
					const a = letters(word), b = letters(now.slice(kept.length));
					if (b !== a && b !== a + key && !(/w/i.test(key) && (b === a + "u" || b === a + "U" || b === a.slice(0, -1) + key))) wrong.push(done + "→ " + text);
				}
			}
			if (wrong.length > 20) break;
		}
		return wrong;
	})()`)); len(wrong) > 0 {
		t.Error(strings.Join(wrong, "\n"))
	}
}
