#include "orchestrator/api/filter.hpp"

#include <algorithm>
#include <utility>

#include "core/base/text.hpp"
#include "orchestrator/state/hosts.hpp"

namespace evenkeel::api {
namespace {

constexpr std::string_view kReserved[] = {"OR", "NOT", "in", "has", "matches"};

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// Everything but what the grammar uses or keeps for later.
bool is_word(char c) {
    constexpr std::string_view kMarks = "=!<>()\"',;&|";
    return static_cast<unsigned char>(c) > ' ' && kMarks.find(c) == std::string_view::npos;
}

bool equals(const json::Value& found, const std::string& value, bool quoted) {
    if (found.is_string()) return found.as_string() == value;
    if (quoted) return false;
    if (found.is_null()) return value == "null";
    const bool scalar = found.is_bool() || found.is_number();
    return scalar && json::write(found) == value;
}

}  // namespace

// One pass over the text, a token at a time.
class FilterReader {
  public:
    FilterReader(std::string_view text, const Fields& fields, const state::View& view)
        : text_(text), fields_(fields), view_(view) {}

    ApiResult<Filter> read() {
        if (text_.size() > kFilterBytesMost) {
            return bad(kFilterBytesMost, "a filter of at most 4096 bytes");
        }
        for (;;) {
            EK_API_TRY(read_term());
            skip_spaces();
            if (at_ == text_.size()) return std::move(filter_);
            if (filter_.terms_.size() == kFilterTermsMost) {
                return bad(at_, "the end: a filter has at most 32 terms");
            }
            EK_API_TRY(read_and());
        }
    }

  private:
    void skip_spaces() {
        while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    }

    std::string_view word() {
        const std::size_t begin = at_;
        while (at_ < text_.size() && is_word(text_[at_])) ++at_;
        return text_.substr(begin, at_ - begin);
    }

    tl::unexpected<http::Problem> bad(std::size_t position, const std::string& expected) const {
        std::string_view found = text_.substr(std::min(position, text_.size()));
        found = found.substr(0, found.find_first_of(" \t\r\n"));
        http::Problem problem{
            .code = http::Code::bad_filter,
            .detail = "at position " + std::to_string(position) + ": expected " + expected +
                      (found.empty() ? ", and the filter ends"
                                     : ", not '" + printable(found.substr(0, 80)) + "'")};
        problem.more.set("position", position);
        problem.more.set("expected", expected);
        return refuse(std::move(problem));
    }

    ApiResult<bool> read_and() {
        const std::size_t begin = at_;
        if (word() == "AND") return true;
        return bad(begin, "AND or the end");
    }

    ApiResult<bool> read_term() {
        skip_spaces();
        const std::size_t begin = at_;
        Filter::Term term;
        term.field = word();
        const bool reserved = std::find(std::begin(kReserved), std::end(kReserved), term.field) !=
                              std::end(kReserved);
        const Field* field = reserved || term.field.size() > kFieldBytesMost
                                 ? nullptr
                                 : find_field(fields_, term.field);
        if (!field) return bad(begin, "one of the fields " + names_of(fields_));
        skip_spaces();
        if (at_ == text_.size() || text_[at_] != '=') return bad(at_, "=");
        ++at_;
        skip_spaces();
        const std::size_t value_at = at_;
        EK_API_TRY(read_value(term));
        EK_API_TRY(check_value(*field, term, value_at));
        filter_.terms_.push_back(std::move(term));
        return true;
    }

    ApiResult<bool> read_value(Filter::Term& term) {
        if (at_ < text_.size() && text_[at_] == '"') return read_quoted(term);
        const std::size_t begin = at_;
        term.value = word();
        if (term.value.empty()) return bad(begin, "a value: a word, or text in double quotes");
        return true;
    }

    ApiResult<bool> read_quoted(Filter::Term& term) {
        term.quoted = true;
        for (++at_; at_ < text_.size(); ++at_) {
            char c = text_[at_];
            if (c == '"') {
                ++at_;
                return true;
            }
            if (c == '\\') {
                const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
                if (next != '"' && next != '\\') return bad(at_ + 1, "\" or \\ behind a backslash");
                ++at_;
                c = next;
            }
            term.value += c;
        }
        return bad(text_.size(), "the closing quote");
    }

    ApiResult<bool> check_value(const Field& field, Filter::Term& term, std::size_t at) const {
        const auto& values = field.values;
        const bool open = values.empty() || (!term.quoted && term.value == "null");
        if (!open && std::find(values.begin(), values.end(), term.value) == values.end()) {
            std::string known;
            for (const std::string& value : values) {
                known.append(known.empty() ? "" : ", ").append(value);
            }
            return bad(at, "one of " + known);
        }
        if (field.is_host) {
            const auto host = EK_API_TRY(view_.hosts().resolve(term.value));
            if (host) term.value = host->id;
        }
        return true;
    }

    std::string_view text_;
    const Fields& fields_;
    const state::View& view_;
    std::size_t at_ = 0;
    Filter filter_;
};

ApiResult<Filter> Filter::read(std::string_view text, const Fields& fields,
                               const state::View& view) {
    return FilterReader(text, fields, view).read();
}

bool Filter::matches(const state::FieldValues& values) const {
    for (std::size_t i = 0; i < terms_.size(); ++i) {
        if (!equals(values[i], terms_[i].value, terms_[i].quoted)) return false;
    }
    return true;
}

state::FieldNames Filter::fields() const {
    state::FieldNames names;
    for (const Term& term : terms_) names.push_back(term.field);
    return names;
}

bool Filter::matches(const json::Value& item) const {
    return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
        return equals(field_of(item, term.field), term.value, term.quoted);
    });
}

}  // namespace evenkeel::api
