// Vietnamese input by Telex, as Unikey does it: aa aw ee oo ow uw (or w alone)
// and dd mark a letter, s f r x j set the tone, z takes it away, and the same
// key once more takes its effect back. Marks and tone may be typed right after
// their letter or at the end of the syllable.
//
// The text itself is all the state: what stands before the caret is read as a
// syllable, and a word that can't begin one is left alone.
//
// Tones stand as the country's own documents print them («CỘNG HÒA», «thủy»,
// «khỏe»), which is also what Unikey does unless told otherwise: of oa, oe and
// uy without a final consonant the first letter bears the tone.
"use strict";
window.hailong = window.hailong || {};
window.hailong.telex = (() => {
  const tones = { s: "\u0301", f: "\u0300", r: "\u0309", x: "\u0303", j: "\u0323" };
  const anyTone = /[\u0300\u0301\u0303\u0309\u0323]/g;
  const plainOf = { ă: "a", â: "a", ê: "e", ô: "o", ơ: "o", ư: "u", đ: "d" };
  const hatOf = { a: "â", e: "ê", o: "ô" };
  const hornOf = { a: "ă", o: "ơ", u: "ư" };
  const vowel = /[aăâeêioôơuưy]/;

  const onsets = new Set(["", ..."b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x".split(" ")]);
  const rimes =
    "a ac ach ai am an ang anh ao ap at au ay ăc ăk ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây " +
    "e ec em en eng eo ep et ê êch êm ên ênh êp êt êu i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu " +
    "o oc oi om on ong op ot oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oe oem oen oeo oet ooc oong " +
    "ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ua uc ui um un ung up ut uân uâng uât uây uê uêch uên uênh uêu " +
    "uôc uôi uôm uôn uông uôt uơ uy uya uych uynh uyp uyt uyu uyên uyêt ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu " +
    "y ych ynh yp yt yêm yên yêng yêt yêu";

  // Whatever a rime may look like on the way: its beginnings, each of its
  // marked letters with or without the mark, which may still come.
  const beginnings = new Set([""]);
  for (const rime of rimes.split(" ")) {
    let forms = [""];
    for (const letter of rime) {
      const ways = plainOf[letter] ? [letter, plainOf[letter]] : [letter];
      forms = forms.flatMap((f) => ways.map((w) => f + w));
      for (const f of forms) beginnings.add(f);
    }
  }

  // fits says which onsets are written before which letter.
  function fits(onset, first) {
    if (!first) return true;
    const soft = /[eêiy]/.test(first);
    if (onset === "c") return !soft;
    if (onset === "k") return soft;
    if (onset === "gh" || onset === "ngh") return soft && first !== "y";
    if (onset === "g" || onset === "ng") return !soft || (onset === "g" && first === "i");
    if (onset === "gi") return first !== "i" && first !== "y";
    return onset !== "qu" || !/[uư]/.test(first);
  }

  // parse splits letters without tone into onset, vowels and coda; null where
  // no syllable begins so.
  function parse(letters) {
    const lower = letters.toLowerCase();
    for (let n = Math.min(3, lower.length); n >= 0; n--) {
      const onset = lower.slice(0, n);
      const rime = lower.slice(n);
      if (!onsets.has(onset) || !beginnings.has(rime) || !fits(onset, rime[0])) continue;
      if (onset === "gi" && !rime) continue; // «gì»: here the i is the vowel
      let end = 0;
      while (end < rime.length && vowel.test(rime[end])) end++;
      return { onset, vowels: rime.slice(0, end), coda: rime.slice(end), at: n };
    }
    return null;
  }

  // bearer is where the tone stands.
  function bearer({ vowels, coda, at }) {
    for (let i = vowels.length - 1; i >= 0; i--) if (plainOf[vowels[i]]) return at + i;
    if (coda) return at + vowels.length - 1;
    return at + (vowels.length === 3 ? 1 : 0);
  }

  // split takes the tone off a word; with two of them it is no syllable.
  function split(word) {
    const apart = word.normalize("NFD");
    const found = apart.match(anyTone) || [];
    return { letters: apart.replace(anyTone, "").normalize("NFC"), tone: found[0] || "", odd: found.length > 1 };
  }

  function join(letters, tone) {
    const syllable = tone && parse(letters);
    if (!syllable || !syllable.vowels) return letters;
    const i = bearer(syllable);
    return letters.slice(0, i) + (letters[i] + tone).normalize("NFC") + letters.slice(i + 1);
  }

  const like = (model, letter) => (model === model.toLowerCase() ? letter : letter.toUpperCase());
  const put = (letters, i, letter) => letters.slice(0, i) + like(letters[i], letter) + letters.slice(i + 1);

  // hat marks a, e or o of the vowels: â, ê, ô.
  function hat(letters, s, key, low) {
    const marked = hatOf[low];
    const had = s.vowels.indexOf(marked);
    if (had >= 0) return put(letters, s.at + had, low) + key;
    for (let i = 0; i < s.vowels.length; i++) {
      if ((plainOf[s.vowels[i]] || s.vowels[i]) !== low) continue;
      let next = put(letters, s.at + i, marked);
      if (s.vowels[i - 1] === "ư") next = put(next, s.at + i - 1, "u");
      if (parse(next)) return next;
    }
    return letters + key;
  }

  // horn is the key w: ă, ơ, ư, and ươ at once.
  function horn(letters, s, key) {
    const { vowels, at, onset } = s;
    const had = [...vowels].some((v) => v === "ă" || v === "ơ" || v === "ư");
    if (/^[uư][oôơ]/.test(vowels) && !vowels.startsWith("ươ") && vowels !== "uơ") {
      const open = vowels.length === 2 && !s.coda && /^(h|th|kh)$/.test(onset) && vowels[0] === "u";
      const next = put(open ? letters : put(letters, at, "ư"), at + 1, "ơ"); // «thuở», but «thương»
      if (parse(next)) return next;
    }
    if (had) {
      if (vowels === "ư" && !s.coda) return letters.slice(0, -1) + key;
      for (let i = 0; i < vowels.length; i++) if (/[ăơư]/.test(vowels[i])) letters = put(letters, at + i, plainOf[vowels[i]]);
      return letters + key;
    }
    for (let i = 0; i < vowels.length; i++) {
      const marked = hornOf[plainOf[vowels[i]] || vowels[i]];
      const next = marked && put(letters, at + i, marked);
      if (next && parse(next)) return next;
    }
    const next = letters + like(key, "ư");
    return parse(next) ? next : letters + key;
  }

  // append adds a letter; uơ or ưo before another one can only be ươ.
  function append(letters, key) {
    const next = letters + key;
    const s = parse(next);
    if (!s || !/^(uơ|ưo)/.test(s.vowels) || s.vowels.length + s.coda.length < 3) return next;
    return put(put(next, s.at, "ư"), s.at + 1, "ơ");
  }

  // press gives the word that a key makes of the one before the caret.
  function press(word, key) {
    const { letters, tone, odd } = split(word);
    const low = key.toLowerCase();
    const s = odd ? null : parse(letters);
    if (!s) return low === "d" && !odd ? abbreviate(word, key) : word + key;
    if (low === "d" && s.onset === "d" && parse(put(letters, 0, "đ"))) return join(put(letters, 0, "đ"), tone);
    if (low === "d" && s.onset === "đ") return join(put(letters, 0, "d"), tone) + key;
    if (low === "w") return rejoin(horn(letters, s, key), word, key, tone);
    if (!s.vowels) return word + key;
    if (low === "z") return tone ? letters : word + key;
    if (tones[low]) {
      if (tone === tones[low]) return letters + key;
      const stopped = /^(c|ch|k|p|t)$/.test(s.coda) && !/[sj]/.test(low); // such syllables know two tones only
      return stopped ? word + key : join(letters, tones[low]);
    }
    return rejoin(hatOf[low] ? hat(letters, s, key, low) : append(letters, key), word, key, tone);
  }

  // abbreviate marks a d in words without vowels, such as «HĐND».
  function abbreviate(word, key) {
    const last = word.length - 1;
    if (vowel.test(word.toLowerCase()) || !/(^|[^d])[dđ]$/i.test(word)) return word + key;
    return /d$/i.test(word) ? put(word, last, "đ") : put(word, last, "d") + key;
  }

  // rejoin gives back the tone; to a word that is no syllable any more, where it was.
  function rejoin(next, word, key, tone) {
    if (!tone || parse(next)) return join(next, tone);
    if (next === split(word).letters + key) return word + key;
    return join(next.slice(0, -1), tone) + key;
  }

  // type applies one key to a text with a caret (UTF-16 offsets) and gives both
  // anew. A key is a character, or "Backspace", which takes a whole grapheme.
  function type(text, caret, key) {
    const before = text.slice(0, caret);
    const after = text.slice(caret);
    const word = /[\p{L}\p{M}]*$/u.exec(before)[0];
    const rest = before.slice(0, before.length - word.length);
    let next;
    if (key === "Backspace") {
      const last = [...new Intl.Segmenter("vi").segment(before)].pop();
      const left = before.slice(0, last ? last.index : 0);
      next = word && left.length > rest.length ? rest + settle(left.slice(rest.length)) : left;
    } else {
      next = /^[a-z]$/i.test(key) ? rest + press(word, key) : before + key;
    }
    return { text: next + after, caret: next.length };
  }

  // settle puts the tone where it belongs now that a letter is gone.
  function settle(word) {
    const { letters, tone, odd } = split(word);
    return tone && !odd && parse(letters)?.vowels ? join(letters, tone) : word;
  }

  return { type };
})();
