package web_test

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The orthography of Vietnamese as a table of its own, so that it shares no
// mistake with the module: each rime is written out with the tone sắc where
// people write it.
const (
	openRimes = "á ái ám án áng ánh áo áu áy ắm ắn ắng ấm ấn ấng ấu ấy é ém én éng éo ế ếm ến ếnh ếu í ía ím ín ính íu iếm iến iếng iếu " +
		"ó ói óm ón óng óa oái oám oán oáng oánh oáo oáy oắm oắn oắng óe oén oéo oóng ố ối ốm ốn ống ớ ới ớm ớn ú úa úi úm ún úng úu uấn uấng uấy " +
		"uế uếnh uối uốm uốn uống uớ úy uýa uýnh uýu uyến ứ ứa ứi ứm ứn ứng ứu ướm ướn ướng ưới ướu ý ýnh yếm yến yếng yếu"
	stopRimes = "ác ách áp át ắc ắp ắt ấc ấp ất éc ép ét ếch ếp ết ích íp ít iếc iếp iết óc óp ót oác oách oáp oát oắc oắt oét oóc ốc ốp ốt ớp ớt " +
		"úc úp út uất uếch uốc uốt uých uýp uýt uyết ức ứt ước ướp ướt ých ýp ýt yết"
	allOnsets = "_ b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x"
)

const acute, grave, hook, tilde, dot = '\u0301', '\u0300', '\u0309', '\u0303', '\u0323'

var toneKeys = map[rune]string{0: "", acute: "s", grave: "f", hook: "r", tilde: "x", dot: "j"}

// written says whether an onset is written before a rime (given with its tone sắc).
func written(onset, rime string) bool {
	first := []rune(norm.NFD.String(rime))[0]
	starts := func(s ...string) bool {
		return slices.ContainsFunc(s, func(s string) bool { return strings.HasPrefix(rime, s) })
	}
	if rime == "uớ" {
		return onset == "h" || onset == "th" || onset == "kh"
	}
	if rime == "úu" {
		return false // written ưu
	}
	if first == 'y' {
		switch {
		case rime == "ý":
			return slices.Contains([]string{"", "h", "k", "l", "m", "qu", "s", "t", "v"}, onset)
		case starts("yế"):
			return onset == "" || onset == "qu" && starts("yến", "yết")
		default:
			return onset == "qu"
		}
	}
	soft := first == 'e' || first == 'i'
	switch onset {
	case "":
		return !starts("iế") // written yê
	case "c", "ng":
		return !soft
	case "k", "gh", "ngh":
		return soft
	case "g":
		return !soft || first == 'i' && rime != "ía" && rime != "íu" // «gia» and «giu» begin with gi
	case "gi":
		return first != 'i'
	case "qu":
		return first != 'u' && !starts("ía", "iế", "íu") && (first != 'o' || starts("ốc", "ớ") && len(rime) <= len("ốc"))
	}
	return true
}

// syllable is one with the keys that should write it.
type syllable struct {
	text string
	keys []string // the same one in several orders
}

// syllables gives every one that the rules of orthography allow.
func syllables() (all []syllable) {
	for onset := range strings.FieldsSeq(allOnsets) {
		onset = strings.TrimPrefix(onset, "_")
		for i, list := range []string{openRimes, stopRimes} {
			tones := []rune{0, acute, grave, hook, tilde, dot}
			if i == 1 {
				tones = []rune{acute, dot}
			}
			for rime := range strings.FieldsSeq(list) {
				if !written(onset, rime) {
					continue
				}
				for _, tone := range tones {
					toned := strings.Map(func(r rune) rune {
						switch {
						case r != acute:
							return r
						case tone == 0:
							return -1
						}
						return tone
					}, norm.NFD.String(rime))
					all = append(all, syllable{norm.NFC.String(onset + toned), orders(onset, norm.NFC.String(strings.ReplaceAll(norm.NFD.String(rime), "\u0301", "")), toneKeys[tone])})
				}
			}
		}
	}
	return all
}

// letters as plain letter and key of the mark.
var marked = map[rune][2]string{'ă': {"a", "w"}, 'â': {"a", "a"}, 'ê': {"e", "e"}, 'ô': {"o", "o"}, 'ơ': {"o", "w"}, 'ư': {"u", "w"}, 'đ': {"d", "d"}}

// orders gives the keys of a syllable as different people type it.
func orders(onset, rime, tone string) (keys []string) {
	var atOnce, plain, marks, vowels string
	end := strings.TrimRight(rime, "cghkmnpt")
	add := func(r rune, oneHorn bool) {
		m, ok := marked[r]
		if !ok {
			m[0] = string(r)
		}
		plain += m[0]
		if !strings.Contains(marks, m[1]) || m[1] != "w" { // one w does for ươ
			marks += m[1]
		}
		if oneHorn {
			m[1] = ""
		}
		atOnce += m[0] + m[1]
	}
	for _, r := range onset {
		add(r, false)
	}
	head := atOnce
	for i, r := range rime {
		if i == len(end) {
			vowels = atOnce
		}
		add(r, r == 'ư' && strings.HasPrefix(rime[i:], "ươ"))
	}
	if len(end) == len(rime) {
		vowels = atOnce
	}
	coda := rime[len(end):]
	if strings.HasPrefix(rime, "oo") { // a third o says that ô is not meant
		three := func(s string) string { return strings.Replace(s, "oo", "ooo", 1) }
		atOnce, plain, vowels = three(atOnce), three(plain), three(vowels)
	}
	keys = []string{atOnce + tone, vowels + tone + coda, plain + marks + tone, plain + tone + marks}
	if strings.HasPrefix(rime, "ư") {
		rest := atOnce[len(head)+1:] // behind the u
		if strings.HasPrefix(rime, "ươ") {
			keys = append(keys, head+"uw"+rest+tone, head+"w"+rest+tone, head+"uwo"+strings.TrimPrefix(rest, "ow")+tone)
			if coda == "" && utf8.RuneCountInString(rime) == 2 {
				keys = keys[:len(keys)-1]
			}
		} else {
			keys = append(keys, head+rest+tone)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
