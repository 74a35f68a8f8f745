#include "sdk/client/cli/output.hpp"

#include <cstdio>
#include <cstdlib>

#include <sys/ioctl.h>
#include <unistd.h>

#include "core/base/text.hpp"
#include "core/json/json.hpp"
#include "sdk/client/cli/yaml.hpp"

namespace evenkeel::cli {
namespace {

bool is_set(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

Look look_of_stdout() {
    const bool terminal = ::isatty(STDOUT_FILENO) == 1;
    Look look;
    look.terminal = terminal;
    winsize size{};
    if (terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) look.width = size.ws_col;
    const char* term = std::getenv("TERM");
    const bool dumb = term == nullptr || std::string_view(term) == "dumb";
    look.colour = !is_set("NO_COLOR") && (is_set("CLICOLOR_FORCE") || (terminal && !dumb));
    return look;
}

// Values that come from files and answers that the gate has passed already.
json::Value parsed(const std::string& text) {
    auto value = json::parse(text, {.bytes = 64 << 20});
    return value ? *std::move(value) : json::Value();
}

std::string scalar(const json::Value& value) {
    return printable(value.is_string() ? value.as_string() : json::write(value));
}

std::string printable_lines(const std::string& text) {
    std::string out;
    for (const std::string& line : split(text, '\n')) out += printable(line) + "\n";
    if (!out.empty()) out.pop_back();
    return out;
}

bool is_simple(const json::Value& value) {
    return (!value.is_object() || value.as_object().empty()) &&
           (!value.is_array() || value.as_array().empty());
}

// Depth is bounded by the gate.
void outline_into(std::string& out, const json::Value& value, std::size_t indent) {
    const std::string margin(indent, ' ');
    const auto entry = [&](const std::string& label, const json::Value& member) {
        out += margin + label;
        if (is_simple(member)) {
            out += " " + scalar(member) + "\n";
            return;
        }
        out += "\n";
        outline_into(out, member, indent + 2);
    };
    if (value.is_object()) {
        for (const auto& [name, member] : value.as_object()) entry(printable(name) + ":", member);
    } else if (value.is_array()) {
        for (const json::Value& member : value.as_array()) entry("-", member);
    } else {
        out += margin + scalar(value) + "\n";
    }
}

}  // namespace

Result<OutputFormat> OutputFormat::read(const std::string& text) {
    static constexpr std::string_view kPath = "jsonpath=";
    if (text.starts_with(kPath)) {
        return OutputFormat{Format::jsonpath, EK_TRY(JsonPath::parse(text.substr(kPath.size())))};
    }
    static constexpr std::pair<std::string_view, Format> kFormats[] = {
        {"table", Format::table}, {"wide", Format::wide}, {"json", Format::json},
        {"yaml", Format::yaml},   {"name", Format::name},
    };
    for (const auto& [name, format] : kFormats) {
        if (name == text) return OutputFormat{format, {}};
    }
    return evenkeel::fail(
        Errc::invalid,
        "'" + printable(text) + "' is none of table, wide, json, yaml, name and jsonpath=PATH");
}

Output::Output(OutputFormat format) : format_(std::move(format)), look_(look_of_stdout()) {
    look_.wide = format_.kind == Format::wide;
}

void Output::table(const Table& table) const {
    text(render(table, look_));
}

void Output::text(std::string_view text) const {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void Output::json(const std::string& text) const {
    this->text(terminal_safe_json(json::write_pretty(parsed(text))) + "\n");
}

void Output::foreign(const std::string& text) const {
    this->text(look_.terminal ? printable_lines(text) : text);
}

void Output::path(const json::Value& value) const {
    foreign(format_.path.print(value));
    text("\n");
}

void Output::data(const std::string& json) const {
    if (format_.kind == Format::yaml) text(write_yaml(parsed(json)));
    else if (format_.kind == Format::name) text(printable(name_of(parsed(json))) + "\n");
    else if (format_.kind == Format::jsonpath) path(parsed(json));
    else this->json(json);
}

void Output::data_line(const std::string& json) const {
    if (format_.kind == Format::json) text(terminal_safe_json(json::write(parsed(json))) + "\n");
    else data(json);
    if (format_.kind == Format::yaml) text("---\n");
    std::fflush(stdout);
}

void Output::name_line(const std::string& name) const {
    text(printable(name) + "\n");
}

void Output::data_items(const std::vector<std::string>& items, const std::string& more) const {
    if (format_.kind == Format::name) {
        for (const std::string& item : items) data(item);
        return;
    }
    json::Array array;
    for (const std::string& item : items) array.push_back(parsed(item));
    json::Object out{{"items", std::move(array)}};
    const json::Value others = parsed(more);
    for (const auto& [name, value] : others.as_object()) out.set(name, value);
    data(json::write(std::move(out)));
}

void Output::outline(const std::string& object) const {
    std::string out;
    outline_into(out, parsed(object), 0);
    text(out);
}

void Output::message(std::string_view text) {
    std::fflush(stdout);  // so that both come in order where they go to one place
    std::fprintf(stderr, "ek: %s\n", printable(text).c_str());
}

void Output::failure(const client::Failure& failure, std::string_view about) {
    std::string line = about.empty() ? "" : std::string(about) + ": ";
    if (!failure.code.empty()) line += failure.code + ": ";
    line += failure.detail;
    if (!failure.request_id.empty()) line += " (request " + failure.request_id + ")";
    message(line);
    // Of one field the line says it all.
    if (failure.errors.size() == 1) {
        const client::FieldError& only = failure.errors.front();
        const std::string where = only.pointer.empty() ? " " : only.pointer + ": ";
        if (failure.detail == only.detail || failure.detail.ends_with(where + only.detail)) return;
    }
    for (const client::FieldError& error : failure.errors) {
        message("  " + (error.pointer.empty() ? "/" : error.pointer) + ": " + error.detail);
    }
}

bool Output::flush() const {
    return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
}

std::string name_of(const json::Value& object) {
    if (object["item"].is_object()) return name_of(object["item"]);  // of a watched list
    const std::string collection = object.string_or("collection");
    const std::string id = object.string_or("id");
    if (!collection.empty()) return id.empty() ? collection : collection + " " + id;
    const std::string scope = object.string_or("scope");
    if (!scope.empty()) return scope + " " + object.string_or("key");
    const bool is_host = object.find("connection") != nullptr;
    const std::string name = object.string_or("name");
    return (is_host || id.empty()) && !name.empty() ? name : id;
}

std::string terminal_safe_json(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        if (lead == 0x7F) {
            out += "\\u007f";
            ++i;
            continue;
        }
        if (lead < 0x80) {
            out.push_back(text[i++]);
            continue;
        }
        const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
        const std::string_view character = text.substr(i, bytes);
        const std::string shown = printable(character);
        if (shown.starts_with("\\u")) {
            out += shown;
        } else if (shown.starts_with("\\x")) {
            out += "\\u00" + shown.substr(2);
        } else {
            out += character;
        }
        i += bytes;
    }
    return out;
}

std::string brief(const std::string& json) {
    const json::Value value = parsed(json);
    if (value.is_null()) return "";
    if (value.is_string()) return value.as_string();
    const json::Value& sha256 = value["sha256"];
    if (!sha256.is_string()) {
        const json::Value& redacted = value["redacted"];
        return redacted.is_string() ? "redacted " + redacted.as_string().substr(0, 12)
                                    : json::write(value);
    }
    return "sha256 " + sha256.as_string().substr(0, 12) + ", " +
           std::to_string(value.integer_or("size")) + " bytes";
}

}  // namespace evenkeel::cli
