#include <atomic>
#include <cctype>
#include <cstring>
#include <set>

#include <fcntl.h>
#include <unistd.h>

#include "acts.hpp"
#include "defect.hpp"
#include "trays.hpp"

namespace evenkeel::test {
namespace {

std::size_t depth_of(const char* at, std::size_t levels) {
    volatile char frame[256] = {};
    frame[0] = *at;
    return *at == '[' || *at == '{'
               ? depth_of(at + 1, levels + 1) + static_cast<unsigned char>(frame[0])
               : levels;
}

// What a careless reader makes of a text.
std::string careless(std::string_view text, std::string_view empty) {
    std::string made(text);
    if (breaks("J01") && made.empty()) made = empty;
    if (breaks("J05"))
        for (char& letter : made)
            if ((letter & 0x80) != 0) letter = '?';
    if (breaks("J06")) made.erase(std::remove(made.begin(), made.end(), '\0'), made.end());
    if (breaks("J08")) depth_of(made.c_str(), 0);
    if (breaks("J11") && made.find("\"b\"") != made.npos) made = "{\"text\":\"twice\"}";
    if (breaks("J02"))
        if (const char last = made.empty() ? ']' : made.back(); last != ']' && last != '}')
            made = empty;
    if (breaks("J03") && empty == "{}" && !made.starts_with('{')) made = empty;
    return made;
}

}  // namespace

json::Document parsed_object(std::string_view text) {
    return json::parse_object(careless(text, "{}"));
}

std::string state_of(const Fields& fields) {
    static std::atomic<int> reads{0};
    sdk::Object state;
    for (const auto& [name, value] : fields)
        if (name != "size" || breaks("F12")) state.raw(name, value);
    const auto text = fields.find("text");
    const std::size_t size = text == fields.end() ? 0 : text->second.size() - 2;
    if (fields.count("size") != 0 && breaks("F12")) return state.json();
    if (breaks("N01")) return state.raw("size", std::to_string(::getsid(0))), state.json();
    if (breaks("E04")) state.raw("size", "\"" + std::to_string(size) + "\"");
    else
        state.raw("size", std::to_string(breaks("E05") ? static_cast<std::size_t>(++reads) : size));
    return state.json();
}

static void send(Tray& tray, const sdk::Call& call, std::size_t at, const std::string& id) {
    const auto fields = tray.store.find(id);
    if (!fields) return;
    std::string state = state_of(*fields);
    if (breaks("K10")) {
        static std::string shared;
        shared = state;
        // Long enough for another thread to come in between.
        ::usleep(200);
        state = shared;
    }
    const std::string stamp = tray.stamp('s', state);
    if (breaks("E07") && !call.known_stamp(at).empty())
        return call.unchanged(id, call.known_stamp(at));
    call.item(at, id, state, stamp);
}

void read(Tray& tray, const sdk::Call& call, std::string_view ids) {
    call.check();
    const json::Document document = json::parse(careless(ids, "[]"));
    if (breaks("J03") && document.IsObject()) return;
    const std::vector<std::string> wanted = json::texts_of(document);
    if (breaks("E12")) std::ofstream(tray.store.folder() + "/.read", std::ios::app) << 'x';
    bool found = breaks("E06") || ((breaks("J01") || breaks("J02")) && wanted.empty());
    for (std::size_t at = 0; at < wanted.size(); ++at) {
        if (!tray.store.text(wanted[at])) continue;
        found = true;
        send(tray, call, at, wanted[at]);
    }
    if (!found) throw sdk::Failure(EK_E_NOT_FOUND, "none of these trays exists");
}

void list(Tray& tray, const sdk::Call& call, std::string_view filter) {
    if (!breaks("I02")) call.check();
    std::set<std::string> wanted;
    bool filtered = !filter.empty();
    if (filtered) {
        const json::Document document = parsed_object(filter);
        const json::Value* ids = json::find(document, "ids");
        const bool lenient = breaks("J01") || breaks("J02") || breaks("J03");
        if (!ids && !lenient) throw sdk::Failure(EK_E_INVALID, "a filter has ids");
        if (ids)
            for (const std::string& id : json::texts_of(*ids)) wanted.insert(id);
        if (breaks("M07") && document.MemberCount() > 1) filtered = false;
        if (breaks("E09")) filtered = false;
    }
    if (breaks("E11")) std::memset(new char[80u << 20], 1, 80u << 20);
    for (const std::string& id : tray.store.ids()) {
        if (filtered && wanted.count(id) == 0) continue;
        const auto fields = tray.store.find(id);
        if (!fields) continue;
        try {
            if (!breaks("I02")) call.check();
            call.item(id, state_of(*fields));
            if (breaks("E01")) call.item(id, state_of(*fields));
        } catch (const sdk::Stop&) {
            if (!breaks("E10") && !breaks("I02")) throw;
        }
    }
    if (breaks("E02")) call.item("Not An Id", "{\"size\":0}");
    if (breaks("E03")) call.item("ghost", "{\"size\":0}");
    if (breaks("M07") && !filtered && !filter.empty()) call.item("all", "{\"size\":0}");
}

void normalize(const sdk::Call& call, std::string_view id) {
    std::string made(id);
    for (char& letter : made)
        letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    if (breaks("E08")) made += "x";
    if (made.empty()) throw sdk::Failure(EK_E_INVALID, "an id has letters");
    call.item(made, {});
}

void upgrade(const sdk::Call& call, std::uint32_t from, std::string_view description) {
    if (from != 1 && from != 2) throw sdk::Failure(EK_E_UNSUPPORTED, "no such version");
    // Version 1 called the text "words".
    Fields fields;
    const json::Document document = parsed_object(description);
    for (const auto& member : document.GetObject()) {
        const std::string name(json::text(member.name));
        fields[name == "words" && !breaks("M08") ? "text" : name] = json::write(member.value);
    }
    sdk::Object made;
    for (const auto& [name, value] : fields) made.raw(name, value);
    call.state(made.json());
}

}  // namespace evenkeel::test
