package fact

// WordsOf gives the digest and size of the sealed words that a fact names; ok is
// false where its kind names none, or its body is none of that kind. Of a Text
// that takes words back both are empty.
func WordsOf(kind Kind, body []byte) (digest []byte, size uint32, ok bool) {
	var err error
	switch kind {
	case KindText:
		var t Text
		err = Unmarshal(body, &t)
		digest, size = t.Digest, t.Size
	case KindAct:
		var a Act
		err = Unmarshal(body, &a)
		digest, size = a.Digest, a.Size
	case KindAccount:
		var a Account
		err = Unmarshal(body, &a)
		digest, size = a.Digest, a.Size
	default:
		return nil, 0, false
	}
	return digest, size, err == nil
}

// NamesWords says whether facts of a kind name sealed words.
func NamesWords(kind Kind) bool { return kind == KindText || kind == KindAct || kind == KindAccount }
