#include "orchestrator/state/enrolment.hpp"

#include <utility>

namespace evenkeel::state {
namespace {

constexpr std::string_view kPrefix = "enrolment_";
constexpr std::size_t kFingerprintLetters = 64;

}  // namespace

std::string Enrolment::key() const {
    return clone.empty() ? fingerprint : fingerprint + "-" + clone;
}

std::string Enrolment::id() const {
    return enrolment_id_of(key());
}

std::string enrolment_id_of(std::string_view key) {
    return std::string(kPrefix).append(key);
}

std::string key_of(std::string_view enrolment_id) {
    if (!enrolment_id.starts_with(kPrefix)) return "";
    return std::string(enrolment_id.substr(kPrefix.size()));
}

json::Value encode(const Enrolment& enrolment) {
    return json::Object{{"host", enrolment.host},
                        {"certificate", enrolment.certificate},
                        {"state", to_string(enrolment.state)},
                        {"name", enrolment.name},
                        {"machine_id", enrolment.machine_id},
                        {"version", enrolment.version},
                        {"address", enrolment.address},
                        {"announced_at", enrolment.announced_at},
                        {"facts", enrolment.facts}};
}

Result<Enrolment> decode_enrolment(std::string_view key, const json::Value& value) {
    Enrolment enrolment;
    enrolment.fingerprint = key.substr(0, kFingerprintLetters);
    if (key.size() > kFingerprintLetters) enrolment.clone = key.substr(kFingerprintLetters + 1);
    enrolment.host = value.string_or("host");
    enrolment.certificate = value.string_or("certificate");
    const auto state = find_name<EnrolmentState>(value.string_or("state"));
    if (!state) return fail(Errc::corrupt, "an enrolment's record has no state");
    enrolment.state = *state;
    enrolment.name = value.string_or("name");
    enrolment.machine_id = value.string_or("machine_id");
    enrolment.version = value.string_or("version");
    enrolment.address = value.string_or("address");
    enrolment.announced_at = value.string_or("announced_at");
    if (value["facts"].is_object()) enrolment.facts = value["facts"];
    return enrolment;
}

}  // namespace evenkeel::state
