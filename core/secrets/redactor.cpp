#include "core/secrets/redactor.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/text.hpp"
#include "core/crypto/sealer.hpp"
#include "core/schema/fields.hpp"
#include "core/secrets/secret_fields.hpp"

namespace evenkeel::secrets {
namespace {

// Shorter values occur in harmless words by chance.
constexpr std::size_t kSecretTextBytesMin = 4;
// Without a schema any text may be a harmless word: "root", "present".
constexpr std::size_t kUnknownTextBytesMin = 8;
// A line of a secret file is less surely one.
constexpr std::size_t kSecretPartBytesMin = 6;

// The orchestrator makes codes of texts with the same key (Protector::mac), which must never equal
// a fingerprint.
constexpr std::string_view kFingerprintPrefix = "value\n";

constexpr std::string_view kHidden = "***";

// What the fingerprint of a secret is made of.
std::string bytes_of(const json::Value& secret) {
    return secret.is_string() ? secret.as_string() : json::write_canonical(secret);
}

bool stays(const json::Value& value) {
    return value.is_null() || fingerprint_in(value);
}

// All texts and numbers in a secret, as they may be quoted.
void collect_texts(const json::Value& secret, std::vector<std::string>& into) {
    if (secret.is_array()) {
        for (const json::Value& item : secret.as_array()) collect_texts(item, into);
    } else if (secret.is_object()) {
        for (const auto& [name, member] : secret.as_object()) collect_texts(member, into);
    } else if (secret.is_string() || secret.is_number()) {
        into.push_back(bytes_of(secret));
    }
}

// Of the field of this name; of bytes in base64 the bytes too, as the machine has them.
void collect_texts(std::string_view field, const json::Value& secret,
                   std::vector<std::string>& into) {
    collect_texts(secret, into);
    if (!schema::is_base64(field)) return;
    if (auto bytes = schema::bytes_of(field, secret)) into.push_back(*std::move(bytes));
}

// One may be a part of another.
void sort_longest_first(std::vector<std::string>& texts) {
    std::sort(texts.begin(), texts.end(),
              [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kAround = " \t\r\"';,";
    const std::size_t begin = text.find_first_not_of(kAround);
    if (begin == text.npos) return {};
    return text.substr(begin, text.find_last_not_of(kAround) - begin + 1);
}

// By value: the texts grow meanwhile.
void add_parts(const std::string whole, std::vector<std::string>& texts) {
    const auto add = [&](std::string_view part) {
        if (part.size() >= kSecretPartBytesMin) texts.emplace_back(part);
    };
    for (std::size_t at = 0; at < whole.size();) {
        const std::size_t end = std::min(whole.find('\n', at), whole.size());
        const std::string_view line = trimmed(std::string_view(whole).substr(at, end - at));
        if (line.size() < whole.size()) add(line);
        for (std::size_t mark = line.find_first_of("=:"); mark != line.npos;
             mark = line.find_first_of("=:", mark + 1))
            add(trimmed(line.substr(mark + 1)));
        at = end + 1;
    }
}

std::vector<std::string> secret_texts(const schema::Fields& fields, json::Value description) {
    std::vector<std::string> texts;
    const schema::SensitivePlace root = fields.sensitive().root();
    each_secret(root, description, "", [&](const std::string& at, const json::Value& secret) {
        collect_texts(at, secret, texts);
    });
    for (const schema::Field& field : fields) {
        const json::Value* member = description.find(field.name);
        if (member && is_secret(field.property, description))
            collect_texts(field.name, *member, texts);
    }
    sort_longest_first(texts);
    return texts;
}

// Whether {"redacted": fingerprint} stands for this stored value.
bool stands_for(const std::string& fingerprint, const json::Value& stored,
                const Redactor& redactor) {
    const json::Value redacted = redactor.value(stored);
    const std::string* current = fingerprint_in(redacted);
    return !fingerprint_in(stored) && current && *current == fingerprint;
}

}  // namespace

Fingerprint fingerprint_by(const crypto::Sealer& sealer) {
    return [&sealer](const std::string& bytes) { return sealer.fingerprint(bytes); };
}

const std::string* fingerprint_in(const json::Value& value) {
    if (!value.is_object() || value.as_object().size() != 1) return nullptr;
    const json::Value& fingerprint = value["redacted"];
    return fingerprint.is_string() ? &fingerprint.as_string() : nullptr;
}

bool has_redacted(const json::Value& value) {
    if (fingerprint_in(value)) return true;
    if (value.is_array()) {
        return std::any_of(value.as_array().begin(), value.as_array().end(), has_redacted);
    }
    return value.is_object() &&
           std::any_of(value.as_object().begin(), value.as_object().end(),
                       [](const json::Member& member) { return has_redacted(member.second); });
}

std::string Redactor::fingerprint_of(const std::string& bytes) const {
    return fingerprint_ ? fingerprint_(std::string(kFingerprintPrefix) + bytes) : "secret";
}

json::Value Redactor::value(const json::Value& secret) const {
    if (stays(secret)) return secret;
    return json::Object{{"redacted", fingerprint_of(bytes_of(secret))}};
}

// Of a content: a diff beside the digest is no part of it, so that the same content has the same
// fingerprint in all states and changes.
json::Value Redactor::digest(const json::Value& secret) const {
    const json::Value digest = stays(secret) ? json::Value() : schema::digest_in(secret);
    return value(digest.is_null() ? secret : digest);
}

json::Value Redactor::description(json::Value description, const schema::Schema* schema) const {
    each_secret(schema, description,
                [this](const std::string&, json::Value& secret) { secret = value(secret); });
    return description;
}

json::Value Redactor::description(json::Value description,
                                  const std::set<std::string>& secret) const {
    // A pointer sorts before those that lead deeper, which then lead nowhere.
    for (const std::string& pointer : secret) {
        if (json::Value* found = json::at_pointer(description, pointer)) *found = value(*found);
    }
    return description;
}

json::Value Redactor::state(const schema::Fields& fields, const json::Value& description,
                            json::Value state) const {
    if (!state.is_object()) return state;
    json::Object& members = state.as_object();
    for (const schema::Field& field : fields) {
        if (!is_secret(field.property, description)) continue;
        if (json::Value* member = members.find(field.name)) *member = value(*member);
        // The same in other words.
        json::Value* twin = field.alias.empty() ? nullptr : members.find(field.alias);
        if (twin) *twin = value(*twin);
        const json::Value digest = schema::digest_in(state);
        if (field.property.compare != schema::Comparison::digest || digest.is_null()) continue;
        members.erase("sha256");
        members.erase("size");
        members.set(field.path.substr(1), value(digest));
    }
    const schema::SensitivePlace root = fields.sensitive().root();
    if (root.empty()) return state;
    for (auto& [name, member] : members) {
        each_secret(root.is_secret() ? root : root.member(name), member, "",
                    [this](const std::string&, json::Value& secret) { secret = value(secret); });
    }
    return state;
}

json::Value Redactor::changed(const schema::Fields& fields, const json::Value& description,
                              std::string_view pointer, json::Value changed, bool always) const {
    const schema::Field* field = fields.at(pointer);
    if (always || (field && is_secret(field->property, description))) {
        const bool is_content = field && field->property.compare == schema::Comparison::digest;
        return is_content ? digest(changed) : value(changed);
    }
    // "ensure" is the core's and lies in no schema.
    if (pointer == "/ensure") return changed;
    each_secret(place_at(fields, pointer), changed, "",
                [this](const std::string&, json::Value& secret) { secret = value(secret); });
    return changed;
}

std::string Redactor::text(const schema::Fields& fields, const json::Value& description,
                           std::string text) const {
    return without(std::move(text), secret_texts(fields, description));
}

SecretTexts secret_texts(const schema::Schema* schema, const json::Value& description) {
    SecretTexts texts;
    json::Value copy = description;
    each_secret(schema, copy, [&](const std::string& at, const json::Value& secret) {
        collect_texts(at, secret, texts);
    });
    for (std::size_t at = 0, whole = texts.size(); at < whole; ++at) add_parts(texts[at], texts);
    if (!schema)
        std::erase_if(texts, [](const auto& text) { return text.size() < kUnknownTextBytesMin; });
    sort_longest_first(texts);
    return texts;
}

namespace {

// More of it is in no error.
constexpr std::size_t kRestBytesMost = 256;

// How many bytes at the end of `text` begin a secret: where somebody cut it. Of fewer than
// kSecretTextBytesMin nothing can be said. Each secret costs one search for a few bytes.
std::size_t begun_at_end(std::string_view text, const SecretTexts& secrets) {
    if (text.size() < kSecretTextBytesMin) return 0;
    const std::string_view last = text.substr(text.size() - kSecretTextBytesMin);
    std::size_t most = 0;
    for (const std::string& secret : secrets) {
        const std::string_view head = std::string_view(secret).substr(0, kRestBytesMost);
        for (std::size_t at = head.find(last); at != head.npos; at = head.find(last, at + 1)) {
            const std::size_t size = at + kSecretTextBytesMin;
            if (size > most && text.ends_with(head.substr(0, size))) most = size;
        }
    }
    return most;
}

// The same at the beginning of `text`, of a secret's end.
std::size_t ended_at_begin(std::string_view text, const SecretTexts& secrets) {
    if (text.size() < kSecretTextBytesMin) return 0;
    const std::string_view first = text.substr(0, kSecretTextBytesMin);
    std::size_t most = 0;
    for (const std::string& secret : secrets) {
        const std::size_t rest = std::min(secret.size(), kRestBytesMost);
        const std::string_view tail = std::string_view(secret).substr(secret.size() - rest);
        for (std::size_t at = tail.find(first); at != tail.npos; at = tail.find(first, at + 1))
            if (tail.size() - at > most && text.starts_with(tail.substr(at)))
                most = tail.size() - at;
    }
    return most;
}

// Where the text was cut, or something else was hidden in it, a part of a secret may be left.
std::string without_rests(std::string text, std::string_view mark, const SecretTexts& secrets) {
    for (std::size_t at = text.find(mark); at != text.npos; at = text.find(mark, at + 1)) {
        const std::size_t after = at + mark.size();
        const std::size_t ended = ended_at_begin(std::string_view(text).substr(after), secrets);
        if (ended != 0) text.replace(after, ended, kHidden);
        const std::size_t begun = begun_at_end(std::string_view(text).substr(0, at), secrets);
        if (begun == 0) continue;
        text.replace(at - begun, begun, kHidden);
        at = at - begun + kHidden.size();
    }
    return text;
}

}  // namespace

std::string without(std::string text, const SecretTexts& secrets) {
    for (const std::string& secret : secrets) {
        if (secret.size() < kSecretTextBytesMin) continue;
        for (std::size_t at = text.find(secret); at != text.npos; at = text.find(secret, at))
            text.replace(at, secret.size(), kHidden);
    }
    return without_rests(without_rests(std::move(text), "...", secrets), kHidden, secrets);
}

namespace {

class Restorer {
  public:
    Restorer(const Redactor& redactor, const json::Value& stored)
        : redactor_(redactor), stored_(stored) {}

    Result<void> restore(json::Value& value, const std::string& at) {
        if (const std::string* fingerprint = fingerprint_in(value)) {
            const json::Value* kept = json::at_pointer(stored_, at);
            if (!kept || !stands_for(*fingerprint, *kept, redactor_))
                return fail(Errc::invalid, at);
            value = json::Value(*kept);
            restored_.push_back(at);
            return {};
        }
        if (value.is_object()) {
            for (auto& [name, member] : value.as_object())
                EK_CHECK(restore(member, json::pointer(at, name)));
        } else if (value.is_array()) {
            std::size_t index = 0;
            for (json::Value& item : value.as_array())
                EK_CHECK(restore(item, json::pointer(at, std::to_string(index++))));
        }
        return {};
    }
    const std::vector<std::string>& restored() const { return restored_; }

  private:
    const Redactor& redactor_;
    const json::Value& stored_;
    std::vector<std::string> restored_;
};

}  // namespace

Result<json::Value> Redactor::restore(json::Value description, const json::Value& stored,
                                      const schema::Schema* schema) const {
    if (!has_redacted(description)) return description;
    Restorer restorer(*this, stored);
    EK_CHECK(restorer.restore(description, ""));
    std::set<std::string> secret = secret_pointers(schema, description);
    // Nobody knows which fields this uncovers.
    if (!schema && stored.bool_or("sensitive") && !description.bool_or("sensitive")) secret.clear();
    for (const std::string& pointer : restorer.restored())
        if (!secret.contains(pointer)) return fail(Errc::invalid, pointer);
    return description;
}

}  // namespace evenkeel::secrets
