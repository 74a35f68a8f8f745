#include "sdk/client/cli/yaml.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>

#include <yaml-cpp/yaml.h>

#include "core/base/text.hpp"

namespace evenkeel::cli {
namespace {

constexpr std::size_t kValuesMost = 100'000;
constexpr std::string_view kStandardTag = "tag:yaml.org,2002:";

Error wrong(const YAML::Mark& mark, const std::string& why, Errc code = Errc::invalid) {
    std::string text = "not usable YAML: " + why;
    if (!mark.is_null()) {
        text += " at line " + std::to_string(mark.line + 1) + ", column " +
                std::to_string(mark.column + 1);
    }
    return Error{code, text};
}

bool is_decimal(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    const bool digits = !text.empty() && std::all_of(text.begin(), text.end(),
                                                     [](char c) { return c >= '0' && c <= '9'; });
    return digits && (text.size() == 1 || text.front() != '0');
}

bool is_null_word(std::string_view text) {
    return text.empty() || text == "~" || text == "null";
}

template <typename Number>
bool read_number(const std::string& text, Number& number) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && stop == end;
}

// One document; the values in it are counted, since an alias stands for all that its anchor holds.
class Converter {
  public:
    // Notes the lines in `lines`, unless that is null.
    explicit Converter(Lines* lines) : lines_(lines) {}

    Result<json::Value> convert(const YAML::Node& node, const std::string& at = "", int depth = 0) {
        if (lines_ && !node.Mark().is_null()) {
            lines_->emplace(at, static_cast<std::size_t>(node.Mark().line) + 1);
        }
        if (++values_ > kValuesMost) {
            return fail(wrong(node.Mark(), "more than 100000 values", Errc::limit));
        }
        if (depth > json::kDeepest) {
            return fail(wrong(node.Mark(), "nested deeper than 64 levels", Errc::limit));
        }
        if (!node.IsScalar() && !is_ordinary(node)) return fail(unknown_tag(node));
        switch (node.Type()) {
            case YAML::NodeType::Map:
                return convert_map(node, at, depth);
            case YAML::NodeType::Sequence:
                return convert_sequence(node, at, depth);
            case YAML::NodeType::Scalar:
                return convert_scalar(node);
            default:
                return json::Value();
        }
    }

  private:
    Result<json::Value> convert_map(const YAML::Node& node, const std::string& at, int depth) {
        json::Object object;
        for (const auto& member : node) {
            const std::string name = EK_TRY(name_of(member.first));
            if (object.contains(name)) {
                return fail(wrong(member.first.Mark(), "'" + printable(name) + "' is there twice"));
            }
            if (lines_ && !member.first.Mark().is_null()) {
                // Of the name: a block of text begins below it.
                lines_->emplace(json::pointer(at, name),
                                static_cast<std::size_t>(member.first.Mark().line) + 1);
            }
            object.append(name, EK_TRY(convert(member.second, below(at, name), depth + 1)));
        }
        return json::Value(std::move(object));
    }

    Result<json::Value> convert_sequence(const YAML::Node& node, const std::string& at, int depth) {
        json::Array array;
        for (const YAML::Node& item : node) {
            const std::string index = std::to_string(array.size());
            array.push_back(EK_TRY(convert(item, below(at, index), depth + 1)));
        }
        return json::Value(std::move(array));
    }

    std::string below(const std::string& at, const std::string& token) const {
        return lines_ ? json::pointer(at, token) : "";
    }

    Result<std::string> name_of(const YAML::Node& node) {
        const auto value = node.IsScalar() ? convert_scalar(node) : Result<json::Value>();
        if (!value) return fail(value.error());
        if (!value->is_string()) return fail(wrong(node.Mark(), "a name is text: quote it"));
        if (value->as_string() == "<<" && node.Tag() == "?") {
            return fail(wrong(node.Mark(), "merging with << is not supported"));
        }
        return value->as_string();
    }

    Result<json::Value> convert_scalar(const YAML::Node& node) {
        const std::string& text = node.Scalar();
        std::string_view tag = node.Tag();
        if (tag == "!") return json::Value(text);  // quoted
        if (tag == "?" || tag.empty()) return convert_plain(node, text);
        if (!tag.starts_with(kStandardTag)) return fail(unknown_tag(node));
        tag.remove_prefix(kStandardTag.size());
        std::int64_t whole = 0;
        double number = 0;
        if (tag == "str") return json::Value(text);
        if (tag == "null" && is_null_word(text)) return json::Value();
        if (tag == "bool" && (text == "true" || text == "false")) return text == "true";
        if (tag == "int" && read_number(text, whole)) return json::Value(whole);
        if (tag == "float" && read_number(text, number) && std::isfinite(number)) {
            return json::Value(number);
        }
        return fail(unknown_tag(node));
    }

    Result<json::Value> convert_plain(const YAML::Node& node, const std::string& text) {
        if (is_null_word(text)) return json::Value();
        if (text == "true" || text == "false") return json::Value(text == "true");
        if (!is_decimal(text)) return json::Value(text);
        std::int64_t whole = 0;
        if (!read_number(text, whole)) return fail(wrong(node.Mark(), "the number is too large"));
        return json::Value(whole);
    }

    static bool is_ordinary(const YAML::Node& node) {
        const std::string& tag = node.Tag();
        if (tag.empty() || tag == "?" || tag == "!") return true;
        const std::string_view own = node.IsMap() ? "map" : node.IsSequence() ? "seq" : "null";
        return tag == std::string(kStandardTag).append(own);
    }

    static Error unknown_tag(const YAML::Node& node) {
        const std::string about =
            node.IsScalar() ? "'" + printable(node.Scalar().substr(0, 40)) + "'" : "this";
        return wrong(node.Mark(), about + " cannot have the tag " + printable(node.Tag()));
    }

    Lines* lines_;
    std::size_t values_ = 0;
};

// Words that no reader of YAML takes for anything but text, of any version.
bool is_plain(const std::string& text) {
    static constexpr std::string_view kTraps[] = {"y",   "n",    "yes",   "no",  "on",
                                                  "off", "true", "false", "null"};
    const auto is_letter = [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    };
    if (text.empty() || !(is_letter(static_cast<unsigned char>(text[0])) || text[0] == '/')) {
        return false;
    }
    const bool simple = std::all_of(text.begin(), text.end(), [&](unsigned char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '/' ||
               c == '-';
    });
    std::string lower = text;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    });
    return simple && std::find(std::begin(kTraps), std::end(kTraps), lower) == std::end(kTraps);
}

// The next code point of text that is UTF-8, as the gate that let the value in made sure.
std::uint32_t take_code_point(std::string_view text, std::size_t& at) {
    const std::uint32_t lead = static_cast<unsigned char>(text[at++]);
    if (lead < 0x80) return lead;
    const unsigned more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    std::uint32_t value = lead & (0x3FU >> more);
    for (unsigned i = 0; i < more && at < text.size(); ++i) {
        value = (value << 6) | (static_cast<unsigned char>(text[at++]) & 0x3FU);
    }
    return value;
}

// What could drive a terminal, and what readers of YAML refuse, drop or replace when it is there as
// it is: the noncharacters and the byte order mark.
bool must_be_escaped(std::uint32_t c, std::string_view text) {
    if (c < 0x80) return c < 0x20 || c == 0x7F;
    const bool is_noncharacter = (c & 0xFFFEU) == 0xFFFEU || (c >= 0xFDD0 && c <= 0xFDEF);
    return is_noncharacter || c == 0xFEFF || printable(text) != text;
}

// The double-quoted form. The library's own emitter puts U+FFFD in place of noncharacters.
std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t begin = at;
        const std::uint32_t c = take_code_point(text, at);
        const std::string_view same = text.substr(begin, at - begin);
        if (c == '"' || c == '\\') out.append("\\").append(same);
        else if (c == '\n') out += "\\n";
        else if (c == '\t') out += "\\t";
        else if (c == '\r') out += "\\r";
        else if (!must_be_escaped(c, same)) out += same;
        else {
            std::array<char, 12> escape{};
            const char* format = c < 0x100 ? "\\x%02X" : c < 0x10000 ? "\\u%04X" : "\\U%08X";
            std::snprintf(escape.data(), escape.size(), format, c);
            out += escape.data();
        }
    }
    return out + "\"";
}

bool is_free_of_escapes(std::string_view line) {
    for (std::size_t at = 0; at < line.size();) {
        const std::size_t begin = at;
        const std::uint32_t c = take_code_point(line, at);
        if (must_be_escaped(c, line.substr(begin, at - begin))) return false;
    }
    return true;
}

// Lines that a literal block keeps exactly: the last one ended, once, and nothing to be escaped.
bool is_block(const std::string& text) {
    if (!text.ends_with('\n') || text.ends_with("\n\n") || text.front() == ' ') return false;
    const std::vector<std::string> lines = split(text, '\n');
    return !lines.front().empty() && std::all_of(lines.begin(), lines.end(), is_free_of_escapes);
}

void emit(YAML::Emitter& out, const json::Value& value);

void emit_quoted(YAML::Emitter& out, const std::string& text) {
    const std::string form = quoted(text);
    // A name longer than this needs a ? before it.
    if (form.size() > 1024) out << YAML::LongKey;
    // Writes what it is given as it is.
    out.WriteIntegralType(form);
}

void emit_text(YAML::Emitter& out, const std::string& text) {
    if (is_plain(text)) out << text;
    // The emitter ends the last line itself.
    else if (is_block(text)) out << YAML::Literal << text.substr(0, text.size() - 1);
    else emit_quoted(out, text);
}

void emit_object(YAML::Emitter& out, const json::Object& object) {
    if (object.empty()) out << YAML::Flow;
    out << YAML::BeginMap;
    for (const auto& [name, member] : object) {
        out << YAML::Key;
        if (is_plain(name)) out << name;
        else emit_quoted(out, name);
        out << YAML::Value;
        emit(out, member);
    }
    out << YAML::EndMap;
}

void emit_array(YAML::Emitter& out, const json::Array& array) {
    if (array.empty()) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const json::Value& item : array) emit(out, item);
    out << YAML::EndSeq;
}

// Depth is bounded by the gate that let the value in.
void emit(YAML::Emitter& out, const json::Value& value) {
    if (value.is_object()) emit_object(out, value.as_object());
    else if (value.is_array()) emit_array(out, value.as_array());
    else if (value.is_string()) emit_text(out, value.as_string());
    else if (value.is_number() && !value.is_integer())
        out << YAML::SecondaryTag("float") << json::write(value);
    else if (value.is_null()) out << YAML::Null;
    else out << json::write(value);
}

YAML::Mark mark_of(std::size_t line, std::size_t column) {
    YAML::Mark mark;
    mark.pos = 0;
    mark.line = static_cast<int>(line);
    mark.column = static_cast<int>(column);
    return mark;
}

// What YAML does not allow and the library drops or takes for the end.
Result<void> check_characters(std::string_view text) {
    std::size_t line = 0;
    std::size_t line_begin = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '\n') {
            ++line;
            line_begin = at + 1;
        } else if (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\r') {
            const std::string what =
                c == '\0' ? "a zero byte"
                          : "a control character (" + printable(text.substr(at, 1)) + ")";
            return fail(wrong(mark_of(line, at - line_begin), what));
        }
    }
    return {};
}

// The library leaves out any line with a % at its beginning, and ends the document there.
Result<void> check_directives(std::string_view text) {
    bool between = true;  // documents
    std::size_t number = 0;
    for (std::size_t begin = 0; begin < text.size(); ++number) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string_view line = text.substr(begin, end - begin);
        begin = end + 1;
        if (line.starts_with('%') && !(between && line.starts_with("%YAML "))) {
            return fail(wrong(mark_of(number, 0),
                              "a line begins with %, which is only for %YAML before a document,"));
        }
        const std::size_t first = line.find_first_not_of(" \t\r");
        if (first == line.npos || line[first] == '#' || line.starts_with('%')) continue;
        between = line.starts_with("...");
    }
    return {};
}

// The library takes the end of the text for the closing quote, but not the end of a document.
std::vector<YAML::Node> load(const std::string& text) {
    if (text.ends_with('\n')) return YAML::LoadAll(text + "...\n");
    YAML::LoadAll(text + "\n...\n");
    // A line end put behind the last line would become part of a block.
    return YAML::LoadAll(text);
}

std::string reason_of(const YAML::Exception& error) {
    const bool in_quotes =
        error.msg == YAML::ErrorMsg::DOC_IN_SCALAR || error.msg == YAML::ErrorMsg::EOF_IN_SCALAR;
    return in_quotes ? "the document ends inside quotes, which are not closed," : error.msg;
}

Result<std::vector<YamlDocument>> parse(std::string_view text, bool with_lines) {
    if (text.size() > kYamlBytesMost) return fail(Errc::limit, "YAML of more than 8 MiB");
    if (!is_utf8(text)) return fail(Errc::invalid, "not usable YAML: not UTF-8");
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    EK_CHECK(check_characters(text));
    EK_CHECK(check_directives(text));
    try {
        std::vector<YamlDocument> documents;
        for (const YAML::Node& node : load(std::string(text))) {
            if (node.IsNull() || !node.IsDefined()) continue;
            YamlDocument document;
            document.value =
                EK_TRY(Converter(with_lines ? &document.lines : nullptr).convert(node));
            documents.push_back(std::move(document));
        }
        return documents;
    } catch (const YAML::Exception& error) {
        return fail(wrong(error.mark, reason_of(error)));
    }
}

}  // namespace

Result<std::vector<json::Value>> parse_yaml(std::string_view text) {
    std::vector<json::Value> values;
    std::vector<YamlDocument> documents = EK_TRY(parse(text, false));
    for (YamlDocument& document : documents) values.push_back(std::move(document.value));
    return values;
}

Result<std::vector<YamlDocument>> parse_yaml_with_lines(std::string_view text) {
    return parse(text, true);
}

std::string write_yaml(const json::Value& value) {
    YAML::Emitter out;
    out.SetNullFormat(YAML::LowerNull);
    emit(out, value);
    return std::string(out.c_str(), out.size()) + "\n";
}

}  // namespace evenkeel::cli
