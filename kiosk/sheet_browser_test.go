package kiosk_test

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/goccy/go-yaml"

	"hailong/internal/survey"
)

// offer gives the kiosk a questionnaire, and languages.
func (d *device) offer(t testing.TB, languages ...string) {
	t.Helper()
	q := sheet(t)
	d.set(func() {
		d.config.Service, d.config.Sheet, d.config.Languages = survey.ServiceAdministrative, q, languages
	})
}

// sheet is a questionnaire as a province might have it: three questions that a
// kiosk asks, one that only the phone page does, and six reasons.
func sheet(t testing.TB) *survey.Questionnaire {
	t.Helper()
	w := func(vi, en, lo string) survey.Words { return survey.Words{"vi": vi, "en": en, "lo": lo} }
	q := &survey.Questionnaire{
		Version: 7,
		Scale: []survey.Words{
			w("Rất không hài lòng", "Very dissatisfied", "ບໍ່ພໍໃຈຫຼາຍ"), w("Không hài lòng", "Dissatisfied", "ບໍ່ພໍໃຈ"), w("Bình thường", "Neutral", "ປານກາງ"),
			w("Hài lòng", "Satisfied", "ພໍໃຈ"), w("Rất hài lòng", "Very satisfied", "ພໍໃຈຫຼາຍ"),
		},
		Consent: w(
			"Tôi đồng ý để cơ quan tiếp nhận dùng tên và số điện thoại hoặc địa chỉ này chỉ để trả lời góp ý của tôi; tôi có thể yêu cầu xóa bất cứ lúc nào.",
			"I agree that the office uses this name and telephone number or address only to answer me; I can have them erased at any time.",
			"ຂ້ອຍຕົກລົງໃຫ້ໃຊ້ຊື່ ແລະ ເບີໂທນີ້ເພື່ອຕອບຂ້ອຍເທົ່ານັ້ນ."),
	}
	s := survey.ServiceSheet{Service: survey.ServiceAdministrative, Overall: w("Bạn hài lòng với việc giải quyết thủ tục đến mức nào?", "How satisfied are you with how your procedure was handled?", "ທ່ານພໍໃຈລະດັບໃດ?")}
	for _, f := range []string{"access", "procedure", "staff"} {
		s.Factors = append(s.Factors, survey.Factor{Code: f, Name: w(f, f, f)})
	}
	s.Questions = []survey.Question{
		{Code: "access", Factor: "access", Text: w("Nơi tiếp nhận có thuận tiện, đủ chỗ ngồi, trang thiết bị dễ sử dụng không?", "Was the place convenient, with enough seats and equipment that is easy to use?", "ສະຖານທີ່ສະດວກບໍ່?")},
		{Code: "procedure", Factor: "procedure", Text: w("Thủ tục, giấy tờ phải nộp và thời hạn có rõ ràng, đúng quy định không?", "Were procedure, papers and time limit clear and as the rules say?", "ຂັ້ນຕອນຊັດເຈນບໍ່?")},
		{Code: "staff", Factor: "staff", Text: w("Cán bộ có lịch sự, lắng nghe và hướng dẫn dễ hiểu không?", "Were the staff polite, attentive and easy to understand?", "ພະນັກງານສຸພາບບໍ່?")},
		{Code: "officer", Factor: "staff", Officer: true, Text: w("Cán bộ tiếp nhận hồ sơ của bạn thế nào?", "How was the officer who took your papers?", "ພະນັກງານຜູ້ຮັບເອກະສານເປັນແນວໃດ?")},
	}
	for i, r := range [][2]survey.Words{
		{w("Cán bộ lịch sự, tôn trọng", "Polite staff", "ພະນັກງານສຸພາບ"), w("Cán bộ chưa lịch sự", "Impolite staff", "ພະນັກງານບໍ່ສຸພາບ")},
		{w("Hướng dẫn dễ hiểu, một lần là đủ", "Explained clearly, once was enough", "ແນະນຳເຂົ້າໃຈງ່າຍ"), w("Hướng dẫn khó hiểu, phải hỏi nhiều lần", "Explained unclearly, I had to ask again", "ແນະນຳເຂົ້າໃຈຍາກ")},
		{w("Đúng hẹn hoặc sớm hẹn", "On time or early", "ຕົງເວລາ"), w("Trễ hẹn", "Late", "ຊັກຊ້າ")},
		{w("Giấy tờ phải nộp đúng quy định", "Only the papers that the rules name", "ເອກະສານຖືກຕ້ອງ"), w("Bị yêu cầu thêm giấy tờ", "Asked for further papers", "ຂໍເອກະສານເພີ່ມ")},
		{w("Phí, lệ phí đúng quy định", "Fees as the rules say", "ຄ່າທຳນຽມຖືກຕ້ອງ"), w("Phí, lệ phí chưa rõ ràng", "Unclear fees", "ຄ່າທຳນຽມບໍ່ຊັດເຈນ")},
		{w("Nơi chờ sạch sẽ, đủ chỗ ngồi", "Clean, with enough seats", "ບ່ອນລໍຖ້າສະອາດ"), w("Nơi chờ chật, thiếu chỗ ngồi", "Crowded, too few seats", "ບ່ອນລໍຖ້າຄັບແຄບ")},
	} {
		s.Reasons = append(s.Reasons, survey.Reason{Code: fmt.Sprintf("r%d", i), Factor: "staff", Good: r[0], Bad: r[1], Kiosk: true})
	}
	s.Reasons = append(s.Reasons, survey.Reason{Code: "phone", Factor: "staff", Good: w("a", "a", "a"), Bad: w("b", "b", "b")})
	q.Services = []survey.ServiceSheet{s}
	if err := q.Check(); err != nil {
		t.Fatal(err)
	}
	return q
}

// example is the questionnaire that comes with the product.
func example(t testing.TB) *survey.Questionnaire {
	t.Helper()
	data, err := os.ReadFile("../deploy/example/questionnaire.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := map[string]any{}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	delete(file, "from") // is not part of the document
	document, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	q, err := survey.ParseQuestionnaire(document)
	if err != nil {
		t.Fatal(err)
	}
	return q
}
