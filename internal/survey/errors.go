package survey

import "net/http"

// Code is a stable name of what went wrong, such as "HL1001": programs match
// on it, people read it out on the telephone. The catalogue below is the only
// place where codes are made; a number is never given a second meaning.
type Code string

// The catalogue's codes. Where the sentence takes arguments, the comment names
// them in order.
const (
	// HL1xxx: what a person scanned, typed or tapped.
	CodeUnknownReceipt Code = "HL1001" // well formed, and no such receipt is registered
	CodeBadReceiptID   Code = "HL1002" // not a receipt id: characters or check character
	CodeBadScore       Code = "HL1003" // overall score or an answer out of 1–5
	CodeUnknownScan    Code = "HL1004" // scanned text is no receipt id, URL of ours or dossier code
	CodeScanTooLong    Code = "HL1005" // arg: limit in bytes
	CodeBadSession     Code = "HL1006" // the sitting's id is not 32 hexadecimal digits
	CodeStaleForm      Code = "HL1007" // the page was opened by an earlier sitting, or has expired
	CodeBadProof       Code = "HL1008" // not a proof code: characters or check character

	// HL2xxx: the shape of a request.
	CodeBodyTooLarge     Code = "HL2001"
	CodeWrongContentType Code = "HL2002" // arg: content type wanted
	CodeBadJSON          Code = "HL2003"
	CodeUnknownField     Code = "HL2004" // arg: name of the field
	CodeNotFound         Code = "HL2005" // no such page
	CodeMethodNotAllowed Code = "HL2006"
	CodeMissingField     Code = "HL2007" // arg: name of the field or parameter
	CodeBadField         Code = "HL2008" // arg: name of the field or parameter
	CodeTooMany          Code = "HL2009" // arg: greatest number of entries in one request
	CodeTooManyRequests  Code = "HL2010"
	CodeBadForm          Code = "HL2011"
	CodeRequestTimeout   Code = "HL2012"
	CodeHeaderTooLarge   Code = "HL2013"
	CodeTextTooLong      Code = "HL2014" // args: name of the field, limit in bytes
	CodeBadRequest       Code = "HL2015" // any other malformed HTTP
	CodeCompressed       Code = "HL2016" // a body with a Content-Encoding

	// HL3xxx: periods and places asked for.
	CodeBadDate          Code = "HL3001" // arg: what was given
	CodeFromAfterTo      Code = "HL3002"
	CodeRangeTooLong     Code = "HL3003" // arg: greatest number of days
	CodeUnknownUnit      Code = "HL3004" // arg: code given
	CodeUnknownDesk      Code = "HL3005" // arg: code given
	CodeUnknownService   Code = "HL3006" // arg: what was given
	CodeUnknownParameter Code = "HL3007" // arg: name of the parameter
	CodeUnknownKiosk     Code = "HL3008" // arg: code given
	CodeNotYet           Code = "HL3009" // arg: first day of a period that has not begun
	CodeNotClosed        Code = "HL3010" // arg: day; only whole months that are closed are told

	// HL4xxx: registering dossiers, receipts, slips and events.
	CodeDossierRegistered Code = "HL4001" // no receipt id is given out again; ask for a reprint
	CodeUnknownDossier    Code = "HL4002"
	CodeBadDossierCode    Code = "HL4003"
	CodeBadStep           Code = "HL4004" // arg: what was given
	CodeBadEventTime      Code = "HL4005" // event before the dossier was received, or in the future
	CodeBadReceivedTime   Code = "HL4006" // received in the future, or before 2000
	CodeDueBeforeReceived Code = "HL4007"
	CodeBadCount          Code = "HL4008" // arg: greatest number of slips at a time
	CodeDossierDiffers    Code = "HL4009" // registered before with other particulars
	CodeNoDossiers        Code = "HL4010" // arg: unit; a unit that issues slips
	CodeUnitClosed        Code = "HL4011" // args: unit, date; the unit does not exist on that day

	// HL5xxx: this device or server can't do it now.
	CodeStorageFull    Code = "HL5001" // nothing was recorded
	CodeStorageFailing Code = "HL5002" // nothing is acknowledged
	CodeUnavailable    Code = "HL5003" // starting, stopping, or a part is down
	CodeUnconfirmed    Code = "HL5004" // stored here, the second copy is not confirmed: asking again is harmless
	CodeBusy           Code = "HL5005"

	// HL6xxx: who may.
	CodeUnauthorised Code = "HL6001" // operator token missing or wrong
	CodeCrossSite    Code = "HL6003" // a form sent from another site's page
	CodeKeyRevoked   Code = "HL6004" // a device's public key that no admission gives back
	CodeForbidden    Code = "HL6005" // signed in, and the role or its unit does not allow it
	CodeSecondFactor Code = "HL6006" // an administrator changes nothing without it

	// HL602x: accounts, and signing in.
	CodeWrongSignIn       Code = "HL6020" // name or password; never says which
	CodeWrongCode         Code = "HL6021" // second factor
	CodeTooSoon           Code = "HL6022" // arg: seconds to wait
	CodeLinkSpent         Code = "HL6023" // one-time link or code: used, expired or mistyped
	CodeLoginTaken        Code = "HL6024" // another account that is on has the sign-in name
	CodeUnknownAccount    Code = "HL6025"
	CodeLastAdministrator Code = "HL6026" // it would leave no account that lets an administrator in
	CodePasswordLength    Code = "HL6027" // args: least and greatest number of characters
	CodePasswordCommon    Code = "HL6028"
	CodeAccountNotHere    Code = "HL6029" // the account's words have not come to this server yet

	// HL603x: letting devices in.
	CodeEnrolmentCode Code = "HL6030" // used, expired or mistyped
	CodeNotAdmitted   Code = "HL6031" // nobody let a device with that key in
	CodeUnproven      Code = "HL6032" // not signed by the device's key, or for another challenge
	CodeNoServer      Code = "HL6033" // nobody of ours answers at the address that staff gave

	// HL7xxx: files that operators hand in.
	CodeFileUnreadable    Code = "HL7001" // arg: name of the file
	CodeFileTooLarge      Code = "HL7002" // arg: limit in MiB
	CodeFileNotUTF8       Code = "HL7003" // arg: name of the file
	CodeCSVHeader         Code = "HL7101" // arg: column that is missing or unknown
	CodeCSVRow            Code = "HL7102" // args: line, reason
	CodeCSVSyntax         Code = "HL7103" // arg: line
	CodeOrganisationFault Code = "HL7201" // arg: number of faults; the cause holds each
	CodeSheetFault        Code = "HL7202" // questionnaire; arg: number of faults; the cause holds each
	CodeSheetKnown        Code = "HL7203" // arg: version; it was recorded with other content
	CodeKeyFile           Code = "HL7301" // arg: name of the file

	// HL9xxx: ours.
	CodeInternal Code = "HL9001"

	// Retired. A retired number stays here with what it meant, so that it is never
	// given out again.
	//
	// HL6002: «you may not do this», before version 1; each case has its own code.
)

// entry is one row of the catalogue; the sentences are formats with the
// arguments named above.
type entry struct {
	status int
	vi, en string
	try    string // for operators
}

var catalogue = map[Code]entry{
	CodeUnknownReceipt: {http.StatusNotFound,
		"Chúng tôi chưa tìm thấy giấy hẹn này. Xin kiểm tra lại mã trên giấy, hoặc hỏi bộ phận một cửa.",
		"We have not found this receipt. Please check the code on the paper, or ask at the one-stop desk.",
		"check that the one-stop software registers receipts (POST /api/v1/receipts, or hailong-server receipts import) before it prints them"},
	CodeBadProof: {http.StatusBadRequest,
		"Mã kiểm chứng chưa đúng. Xin xem lại từng ký tự.",
		"This is not a proof code. Please check each character.",
		""},
	CodeBadReceiptID: {http.StatusBadRequest,
		"Mã giấy hẹn chưa đúng. Xin xem lại từng ký tự rồi nhập lại.",
		"The receipt code is not right. Please look at each character and type it again.",
		"a receipt id has 16 characters and one check character; scan the QR instead of typing"},
	CodeBadScore: {http.StatusBadRequest,
		"Xin chọn một trong năm mức, từ «Rất không hài lòng» đến «Rất hài lòng».",
		"Please choose one of the five faces, from “very dissatisfied” to “very satisfied”.",
		"send score as an integer from 1 to 5"},
	CodeUnknownScan: {http.StatusBadRequest,
		"Máy chưa đọc được mã này. Xin đưa mã QR trên giấy hẹn vào máy quét, hoặc nhập mã bằng tay.",
		"This code could not be read. Please hold the QR code of the receipt to the scanner, or type the code.",
		"if it is a dossier code of another form, add its pattern to the settings (dossier_patterns)"},
	CodeScanTooLong: {http.StatusBadRequest,
		"Mã vừa quét dài quá (nhiều hơn %d byte). Xin quét mã QR trên giấy hẹn.",
		"The scanned code is too long (more than %d bytes). Please scan the QR code of the receipt.",
		"check that the scanner ends each code with Enter, so that two codes do not run together"},
	CodeBadSession: {http.StatusBadRequest,
		"Phiên đánh giá chưa hợp lệ. Xin bắt đầu lại.",
		"This sitting is not valid. Please start again.",
		"send session as the 32 hexadecimal digits that an earlier answer gave, or leave it out"},
	CodeStaleForm: {http.StatusConflict,
		"Trang này đã hết hạn. Xin quét lại giấy hẹn.",
		"This page has expired. Please scan the receipt again.",
		""},

	CodeBodyTooLarge: {http.StatusRequestEntityTooLarge,
		"Nội dung gửi lên lớn quá mức cho phép.",
		"What was sent is larger than allowed.",
		"send fewer entries at a time"},
	CodeWrongContentType: {http.StatusUnsupportedMediaType,
		"Kiểu nội dung chưa đúng; cần %s.",
		"The content type is not right; %s is needed.",
		"set the Content-Type header"},
	CodeCompressed: {http.StatusUnsupportedMediaType,
		"Nội dung gửi lên không được nén.",
		"What is sent must not be compressed.",
		"send it without a Content-Encoding header"},
	CodeBadJSON: {http.StatusBadRequest,
		"Nội dung gửi lên không phải JSON đúng.",
		"What was sent is not valid JSON.",
		"send exactly one JSON value in UTF-8, as /openapi.json describes it"},
	CodeUnknownField: {http.StatusBadRequest,
		"Không có trường «%s».",
		"There is no field “%s”.",
		"see /openapi.json for the names of the fields"},
	CodeNotFound: {http.StatusNotFound,
		"Không có trang này.",
		"There is no such page.",
		""},
	CodeMethodNotAllowed: {http.StatusMethodNotAllowed,
		"Trang này không nhận cách gửi như vậy.",
		"This page does not take that method.",
		"see /openapi.json for the methods of each path"},
	CodeMissingField: {http.StatusBadRequest,
		"Thiếu «%s».",
		"“%s” is missing.",
		"see /openapi.json for what is required"},
	CodeBadField: {http.StatusBadRequest,
		"Giá trị của «%s» chưa đúng.",
		"The value of “%s” is not right.",
		"see /openapi.json for the values allowed"},
	CodeTooMany: {http.StatusBadRequest,
		"Mỗi lần gửi nhiều nhất %d mục.",
		"At most %d entries can be sent at a time.",
		"send the rest in further requests"},
	CodeTooManyRequests: {http.StatusTooManyRequests,
		"Có quá nhiều yêu cầu cùng lúc. Xin thử lại sau ít phút.",
		"There are too many requests. Please try again in a few minutes.",
		"wait as long as the Retry-After header says"},
	CodeBadForm: {http.StatusBadRequest,
		"Biểu mẫu gửi lên chưa đúng. Xin mở lại trang rồi thử lại.",
		"The form is not right. Please open the page again and retry.",
		""},
	CodeRequestTimeout: {http.StatusRequestTimeout,
		"Đường truyền chậm, chưa nhận đủ nội dung. Xin thử lại.",
		"The connection is slow and not everything arrived. Please try again.",
		""},
	CodeHeaderTooLarge: {http.StatusRequestHeaderFieldsTooLarge,
		"Phần đầu của yêu cầu lớn quá mức cho phép.",
		"The header of the request is larger than allowed.",
		""},
	CodeTextTooLong: {http.StatusBadRequest,
		"«%s» dài quá %d byte.",
		"“%s” is longer than %d bytes.",
		"shorten the text"},
	CodeBadRequest: {http.StatusBadRequest,
		"Yêu cầu chưa đúng dạng.",
		"The request is malformed.",
		""},

	CodeBadDate: {http.StatusBadRequest,
		"Không có ngày «%s». Xin viết ngày theo dạng năm-tháng-ngày, ví dụ 2026-11-23.",
		"There is no date “%s”. Please write dates as year-month-day, such as 2026-11-23.",
		""},
	CodeFromAfterTo: {http.StatusBadRequest,
		"Ngày bắt đầu phải trước ngày kết thúc.",
		"The first day must be before the last.",
		"from is the first day, to is the day after the last"},
	CodeRangeTooLong: {http.StatusBadRequest,
		"Khoảng thời gian dài quá; nhiều nhất %d ngày.",
		"The period is too long; at most %d days.",
		"ask for shorter periods, one after the other"},
	CodeUnknownUnit: {http.StatusNotFound,
		"Không có cơ quan, đơn vị mang mã «%s».",
		"There is no unit with the code “%s”.",
		"the codes are those of the organisation file"},
	CodeUnknownDesk: {http.StatusNotFound,
		"Không có bộ phận một cửa mang mã «%s».",
		"There is no desk with the code “%s”.",
		"the codes are those of the organisation file"},
	CodeUnknownService: {http.StatusBadRequest,
		"Không có loại dịch vụ «%s».",
		"There is no kind of service “%s”.",
		"use administrative or public"},
	CodeUnknownParameter: {http.StatusBadRequest,
		"Không có tham số «%s».",
		"There is no parameter “%s”.",
		"see /openapi.json for the parameters; each is given at most once"},
	CodeUnknownKiosk: {http.StatusNotFound,
		"Không có máy đánh giá mang mã «%s».",
		"There is no kiosk with the code “%s”.",
		"add it to the organisation file and load that file again"},
	CodeNotYet: {http.StatusBadRequest,
		"Kỳ này chưa bắt đầu: %s còn ở phía trước.",
		"This period has not begun: %s is still to come.",
		"a period that begins today or before"},
	CodeNotClosed: {http.StatusConflict,
		"Chỉ có dữ liệu của trọn các tháng đã chốt số liệu; %s thì chưa.",
		"Only whole months that are closed have this; %s is in none.",
		"whole months of the past: a month is closed on the fifth day after its end"},

	CodeDossierRegistered: {http.StatusConflict,
		"Hồ sơ này đã được đăng ký.",
		"This dossier is registered already.",
		"ask for a reprint to get another receipt for the same ballot"},
	CodeUnknownDossier: {http.StatusNotFound,
		"Chưa có hồ sơ mang mã này.",
		"There is no dossier with this code.",
		"register the dossier first (POST /api/v1/receipts)"},
	CodeBadDossierCode: {http.StatusBadRequest,
		"Mã hồ sơ chưa đúng dạng.",
		"The dossier code is not of a known form.",
		"write it as printed, such as 000.17.22.H41-210531-0001; other forms are added in the settings (dossier_patterns)"},
	CodeBadStep: {http.StatusBadRequest,
		"Không có bước xử lý hồ sơ «%s».",
		"There is no step “%s” of a dossier.",
		"use returned, supplement or refused"},
	CodeBadEventTime: {http.StatusBadRequest,
		"Thời điểm của bước này phải sau khi tiếp nhận hồ sơ và không ở tương lai.",
		"The time of this step must be after the dossier was received, and not in the future.",
		"send times with their offset, such as 2026-11-23T09:30:00+07:00, and check the sender's clock"},
	CodeBadReceivedTime: {http.StatusBadRequest,
		"Thời điểm tiếp nhận hồ sơ chưa đúng.",
		"The time at which the dossier was received is not right.",
		"send times with their offset, such as 2026-11-23T09:30:00+07:00, and check the sender's clock"},
	CodeDueBeforeReceived: {http.StatusBadRequest,
		"Ngày hẹn trả kết quả phải sau khi tiếp nhận hồ sơ.",
		"The day of the result must be after the dossier was received.",
		""},
	CodeBadCount: {http.StatusBadRequest,
		"Số phiếu phải từ 1 đến %d.",
		"The number of slips must be from 1 to %d.",
		""},
	CodeDossierDiffers: {http.StatusConflict,
		"Hồ sơ này đã được đăng ký với nội dung khác.",
		"This dossier is registered already, with other particulars.",
		"compare the unit, desk, service and time received with the earlier registration"},
	CodeNoDossiers: {http.StatusBadRequest,
		"Đơn vị «%s» không nhận hồ sơ; xin phát phiếu đánh giá thay cho giấy hẹn.",
		"The unit “%s” takes no dossiers; please issue slips instead of receipts.",
		"hailong-server receipts issue --unit CODE --count N"},
	CodeUnitClosed: {http.StatusBadRequest,
		"Đơn vị «%s» không hoạt động vào ngày %s.",
		"The unit “%s” does not exist on %s.",
		"check from and until of the unit in the organisation file"},

	CodeStorageFull: {http.StatusInsufficientStorage,
		"Máy tạm thời chưa ghi nhận được đánh giá. Xin báo giúp cán bộ tại quầy.",
		"This device can't record ratings for the moment. Please tell the staff at the desk.",
		"the disk is full: free some space; recording goes on by itself"},
	CodeStorageFailing: {http.StatusServiceUnavailable,
		"Máy tạm thời chưa ghi nhận được đánh giá. Xin thử lại, hoặc báo giúp cán bộ tại quầy.",
		"This device can't record ratings for the moment. Please try again, or tell the staff at the desk.",
		"look at the log for the disk's error, check the disk (dmesg, smartctl) and the permissions of the data folder"},
	CodeUnavailable: {http.StatusServiceUnavailable,
		"Hệ thống đang khởi động hoặc bảo trì. Xin thử lại sau ít phút.",
		"The system is starting or under maintenance. Please try again in a few minutes.",
		"see /readyz and /status for the part that is not ready"},
	CodeUnconfirmed: {http.StatusGatewayTimeout,
		"Hệ thống chưa xác nhận được. Xin gửi lại; mỗi giấy hẹn vẫn chỉ tính một lần.",
		"The system could not confirm this. Please send it again; each receipt still counts once.",
		"the stream did not confirm its copy in time: see the state of NATS on /status"},
	CodeBusy: {http.StatusServiceUnavailable,
		"Hệ thống đang bận. Xin thử lại sau ít giây.",
		"The system is busy. Please try again in a few seconds.",
		""},

	CodeUnauthorised: {http.StatusUnauthorized,
		"Cần có quyền để thực hiện việc này.",
		"This needs authority.",
		"send the operator token as Authorization: Bearer TOKEN"},
	CodeCrossSite: {http.StatusForbidden,
		"Biểu mẫu phải được gửi từ trang của hệ thống.",
		"The form must be sent from a page of this system.",
		""},
	CodeForbidden: {http.StatusForbidden,
		"Tài khoản của bạn không có quyền xem hoặc thực hiện việc này.",
		"Your account does not allow this.",
		"an account or token whose role and unit allow it, as deploy/access.md lists them"},
	CodeSecondFactor: {http.StatusForbidden,
		"Để thay đổi, bạn cần đăng nhập bằng xác thực hai bước. Xin bật ở trang tài khoản rồi đăng nhập lại.",
		"To change anything, please sign in with a second factor. Set it up on your account's page and sign in again.",
		""},
	CodeKeyRevoked: {http.StatusConflict,
		"Khóa của máy đánh giá này đã bị thu hồi, không thể công nhận lại. Máy cần có khóa mới.",
		"The key of this kiosk was revoked and can't be admitted again. The device needs a new key.",
		"stop the kiosk, move its data folder away, start it (it makes a new key), and admit the key that hailong-kiosk key prints"},

	CodeWrongSignIn: {http.StatusUnauthorized,
		"Tên đăng nhập hoặc mật khẩu chưa đúng.",
		"The sign-in name or the password is not right.",
		"an administrator can make a new one-time link: hailong-server account link --login=NAME"},
	CodeWrongCode: {http.StatusUnauthorized,
		"Mã xác thực chưa đúng, hoặc đã dùng rồi. Xin chờ mã mới rồi nhập lại.",
		"The code is not right, or was used before. Please wait for the next one and type it.",
		"check that the clocks of the telephone and of the server are right"},
	CodeTooSoon: {http.StatusTooManyRequests,
		"Đã thử nhiều lần. Xin chờ %d giây rồi thử lại.",
		"There were many attempts. Please wait %d seconds and try again.",
		"wait as long as the Retry-After header says"},
	CodeLinkSpent: {http.StatusGone,
		"Liên kết hoặc mã này đã được dùng, hoặc đã hết hạn. Xin đề nghị người quản trị cấp lại.",
		"This link or code was used, or has expired. Please ask an administrator for another.",
		"hailong-server account link --login=NAME"},
	CodeLoginTaken: {http.StatusConflict,
		"Đã có tài khoản khác dùng tên đăng nhập này.",
		"Another account has this sign-in name.",
		"another --login, or turn the other account off"},
	CodeUnknownAccount: {http.StatusNotFound,
		"Không có tài khoản này.",
		"There is no such account.",
		"hailong-server account list"},
	CodeLastAdministrator: {http.StatusConflict,
		"Đây là tài khoản quản trị cuối cùng đang hoạt động nên chưa thể tắt hoặc đổi vai trò.",
		"This is the last administrator's account that is on, so it can't be turned off or get another role.",
		"make another administrator first: hailong-server account create --role=administrator"},
	CodePasswordLength: {http.StatusBadRequest,
		"Mật khẩu cần có từ %d đến %d ký tự; một câu dễ nhớ là tốt nhất.",
		"A password has %d to %d characters; a sentence that is easy to remember is best.",
		""},
	CodePasswordCommon: {http.StatusBadRequest,
		"Mật khẩu này dễ đoán quá. Xin chọn một câu khác, không chứa tên đăng nhập.",
		"This password is too easy to guess. Please choose another sentence, without the sign-in name.",
		""},
	CodeAccountNotHere: {http.StatusServiceUnavailable,
		"Thông tin của tài khoản chưa về đến máy chủ này. Xin thử lại sau ít phút.",
		"The account's particulars have not come to this server yet. Please try again in a few minutes.",
		"see on /status whether words are missing"},

	CodeEnrolmentCode: {http.StatusForbidden,
		"Mã ghi danh không đúng, đã được dùng hoặc đã hết hạn. Bạn xin quản trị viên một mã mới; mỗi mã chỉ dùng một lần trong 15 phút.",
		"The enrolment code is wrong, was used, or has expired. Please ask an administrator for a new one: each is good once, for 15 minutes.",
		"hailong-server enrol --kiosk=CODE for a new one, and compare each character"},
	CodeNotAdmitted: {http.StatusForbidden,
		"Máy này chưa được công nhận. Bạn xin quản trị viên một mã ghi danh cho máy.",
		"This device has not been let in. Please ask an administrator for an enrolment code for it.",
		"hailong-server enrol --kiosk=CODE, and enrol the device with the code; or hailong-server admit with the device's key"},
	CodeUnproven: {http.StatusForbidden,
		"Máy chưa chứng minh được khóa của mình, hoặc đã để quá hai phút. Xin thử lại.",
		"The device did not prove that it holds its key, or took longer than two minutes. Please try again.",
		"the same again; if it persists, compare the versions of kiosk and server"},
	CodeNoServer: {http.StatusBadGateway,
		"Không có máy chủ của hệ thống ở địa chỉ này, hoặc mạng đang mất. Bạn xem lại địa chỉ rồi thử lại.",
		"No server of this system answers at this address, or the network is down. Please check the address and try again.",
		"compare the address with what hailong-server enrol prints; the kiosk's log has the cause"},

	CodeFileUnreadable: {http.StatusUnprocessableEntity,
		"Không đọc được tệp «%s».",
		"The file “%s” can't be read.",
		"check that the file exists and that the program's user may read it"},
	CodeFileTooLarge: {http.StatusRequestEntityTooLarge,
		"Tệp lớn quá %d MiB.",
		"The file is larger than %d MiB.",
		"split the file"},
	CodeFileNotUTF8: {http.StatusUnprocessableEntity,
		"Tệp «%s» không phải là văn bản UTF-8.",
		"The file “%s” is not UTF-8 text.",
		"in a spreadsheet, save as «CSV UTF-8»"},
	CodeCSVHeader: {http.StatusUnprocessableEntity,
		"Dòng tiêu đề của tệp CSV thiếu hoặc không có cột «%s».",
		"The header of the CSV file lacks, or does not know, the column “%s”.",
		"compare the first line with the operator's handbook"},
	CodeCSVRow: {http.StatusUnprocessableEntity,
		"Dòng %d: %s",
		"Line %d: %s",
		"mend the line and import the same file again: rows taken before change nothing"},
	CodeCSVSyntax: {http.StatusUnprocessableEntity,
		"Dòng %d không phải CSV đúng.",
		"Line %d is not valid CSV.",
		"look for a quotation mark that is not closed"},
	CodeOrganisationFault: {http.StatusUnprocessableEntity,
		"Tệp tổ chức có %d lỗi; chưa nạp gì.",
		"The organisation file has %d faults; nothing was loaded.",
		"mend each line named, then load the file again"},
	CodeSheetFault: {http.StatusUnprocessableEntity,
		"Tệp phiếu hỏi có %d lỗi; chưa nạp gì.",
		"The questionnaire file has %d faults; nothing was loaded.",
		"mend each line named, then load the file again"},
	CodeSheetKnown: {http.StatusConflict,
		"Phiên bản %d của phiếu hỏi đã có với nội dung khác; phiên bản đã dùng thì không sửa.",
		"Version %d of the questionnaire exists with other content; a version is never changed.",
		"give the file the next version number, and a day in from: on which it begins"},
	CodeKeyFile: {http.StatusInternalServerError,
		"Không dùng được tệp khóa «%s».",
		"The key file “%s” can't be used.",
		"restore it from the place where keys are kept; without it a server does not start"},

	CodeInternal: {http.StatusInternalServerError,
		"Hệ thống gặp trục trặc. Xin thử lại; nếu vẫn chưa được, xin báo số tham chiếu dưới đây.",
		"Something went wrong on our side. Please try again; if it persists, quote the reference below.",
		"look for the reference in the log"},
}
