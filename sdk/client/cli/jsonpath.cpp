#include "sdk/client/cli/jsonpath.hpp"

#include <charconv>

namespace evenkeel::cli {
namespace {

using Found = std::vector<const json::Value*>;

void take_all(Found& found, const json::Value& value) {
    if (value.is_array()) {
        for (const json::Value& item : value.as_array()) found.push_back(&item);
    } else if (value.is_object()) {
        for (const auto& [name, member] : value.as_object()) found.push_back(&member);
    }
}

void take_index(Found& found, const json::Value& value, std::ptrdiff_t index) {
    if (!value.is_array()) return;
    const json::Array& array = value.as_array();
    if (index < 0) index += static_cast<std::ptrdiff_t>(array.size());
    if (index < 0 || index >= static_cast<std::ptrdiff_t>(array.size())) return;
    found.push_back(&array[static_cast<std::size_t>(index)]);
}

}  // namespace

class JsonPath::Reader {
  public:
    explicit Reader(std::string_view text) : text_(text) {}

    Result<std::vector<Part>> read() {
        std::vector<Part> parts;
        if (text_.find('{') == text_.npos) {
            parts.push_back({.path = EK_TRY(read_path(text_.size())), .is_path = true});
            return parts;
        }
        while (at_ < text_.size()) {
            const std::size_t brace = std::min(text_.find('{', at_), text_.size());
            if (brace > at_) parts.push_back({.text = std::string(text_.substr(at_, brace - at_))});
            at_ = brace;
            if (at_ < text_.size()) parts.push_back(EK_TRY(read_braces()));
        }
        return parts;
    }

  private:
    tl::unexpected<Error> wrong(const std::string& why) const {
        return fail(Errc::invalid, "jsonpath: " + why + " at character " + std::to_string(at_ + 1));
    }

    Result<Part> read_braces() {
        ++at_;
        if (at_ < text_.size() && text_[at_] == '"') return read_literal();
        const std::size_t end = end_of_braces();
        if (end == text_.npos) return wrong("no } ends what begins");
        Part part{.path = EK_TRY(read_path(end)), .is_path = true};
        ++at_;
        return part;
    }

    // The } that is in no ['any name'].
    std::size_t end_of_braces() const {
        std::size_t end = at_;
        for (;;) {
            end = text_.find_first_of("}[", end);
            if (end == text_.npos || text_[end] == '}') return end;
            end = text_.substr(end).starts_with("['") ? end_of_name(end + 1) : end + 1;
            if (end == text_.npos) return end;
        }
    }

    // The ] behind the 'any name' that begins here.
    std::size_t end_of_name(std::size_t quote) const {
        const std::size_t end = text_.find("']", quote + 1);
        return end == text_.npos ? end : end + 1;
    }

    Result<Part> read_literal() {
        std::size_t end = at_ + 1;
        while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
        if (end + 1 >= text_.size() || text_[end + 1] != '}')
            return wrong("no \"} ends what begins");
        const auto text = json::parse(text_.substr(at_, end + 1 - at_));
        if (!text) return wrong(text.error().what);
        at_ = end + 2;
        return Part{.text = text->as_string()};
    }

    Result<std::vector<Step>> read_path(std::size_t end) {
        std::vector<Step> path;
        if (at_ < end && text_[at_] == '$') ++at_;
        while (at_ < end) {
            const char begin = text_[at_];
            if (begin == '.') path.push_back(EK_TRY(read_name(end)));
            else if (begin == '[') path.push_back(EK_TRY(read_bracket(end)));
            else return wrong("a path goes on with .name or [...]");
        }
        return path;
    }

    Result<Step> read_name(std::size_t end) {
        const std::size_t begin = ++at_;
        at_ = std::min(text_.find_first_of(".[", begin), end);
        const std::string name(text_.substr(begin, at_ - begin));
        if (name.empty()) return wrong("a name is missing");
        if (name == "*") return Step{.kind = Step::Kind::all};
        return Step{.kind = Step::Kind::name, .name = name};
    }

    Result<Step> read_bracket(std::size_t end) {
        const std::size_t begin = at_ + 1;
        const bool quoted = begin < end && text_[begin] == '\'';
        const std::size_t close = quoted ? end_of_name(begin) : text_.find(']', begin);
        if (close >= end) return wrong("no ] ends what begins");
        const std::string_view inside = text_.substr(begin, close - begin);
        Step step;
        if (inside.size() >= 2 && inside.front() == '\'' && inside.back() == '\'') {
            step = {.kind = Step::Kind::name,
                    .name = std::string(inside.substr(1, inside.size() - 2))};
        } else if (inside != "*") {
            step.kind = Step::Kind::index;
            const char* last = inside.data() + inside.size();
            const auto [stop, error] = std::from_chars(inside.data(), last, step.index);
            if (error != std::errc() || stop != last)
                return wrong("only [0], [*] and ['name'] are known");
        }
        at_ = close + 1;
        return step;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

Result<JsonPath> JsonPath::parse(std::string_view text) {
    JsonPath path;
    path.parts_ = EK_TRY(Reader(text).read());
    return path;
}

std::string JsonPath::print(const json::Value& value) const {
    std::string out;
    for (const Part& part : parts_) {
        out += part.text;
        if (!part.is_path) continue;
        Found found{&value};
        for (const Step& step : part.path) {
            Found next;
            for (const json::Value* one : found) {
                if (step.kind == Step::Kind::all) take_all(next, *one);
                else if (step.kind == Step::Kind::index) take_index(next, *one, step.index);
                else if (const json::Value* member = one->find(step.name)) next.push_back(member);
            }
            found = std::move(next);
        }
        for (std::size_t i = 0; i < found.size(); ++i) {
            if (i > 0) out += ' ';
            out += found[i]->is_string() ? found[i]->as_string() : json::write(*found[i]);
        }
    }
    return out;
}

}  // namespace evenkeel::cli
