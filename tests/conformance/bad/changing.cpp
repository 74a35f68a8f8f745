#include <csignal>
#include <cstdlib>

#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "acts.hpp"
#include "defect.hpp"
#include "trays.hpp"

namespace evenkeel::test {
namespace {

constexpr const char* kText[] = {"text", "label", "secret", "color"};
constexpr const char* kKnown[] = {"text", "color", "tags", "label", "secret", "noise", "pause"};

// What is described, checked as the schema does.
Fields described(std::string_view text) {
    Fields fields;
    const json::Document document = parsed_object(text);
    for (const auto& member : document.GetObject()) {
        const std::string name(json::text(member.name));
        const bool known =
            std::find(std::begin(kKnown), std::end(kKnown), name) != std::end(kKnown);
        if (!known && !breaks("F13") && !(breaks("F12") && name == "size"))
            throw sdk::Failure(EK_E_INVALID, "there is no such property").at("/" + name);
        const bool is_text = std::find(std::begin(kText), std::end(kText), name) != std::end(kText);
        const json::Value& value = member.value;
        const bool right = is_text          ? value.IsString()
                           : name == "tags" ? value.IsArray()
                           : known          ? value.IsInt64()
                                            : true;
        if (!right && !breaks("J04"))
            throw sdk::Failure(EK_E_INVALID, "another type is wanted").at("/" + name);
        fields[name] = json::write(value);
    }
    return fields;
}

// Waits for a program, as long as the call may.
void pause(const sdk::Call& call, int seconds) {
    const std::string words = std::to_string(seconds);
    char* const argv[] = {const_cast<char*>("sleep"), const_cast<char*>(words.c_str()), nullptr};
    pid_t child = -1;
    if (::posix_spawnp(&child, "sleep", nullptr, nullptr, argv, environ) != 0)
        throw sdk::Failure(EK_E_UNAVAILABLE, "sleep cannot be run");
    const auto end = [&] {
        if (!breaks("I04")) ::kill(child, SIGKILL), ::waitpid(child, nullptr, 0);
    };
    while (::waitpid(child, nullptr, WNOHANG) == 0) {
        pollfd cancelled{call.cancel_fd(), POLLIN, 0};
        ::poll(&cancelled, 1, 20);
        try {
            if (!breaks("I05")) call.check();
        } catch (sdk::Failure& failure) {
            end();
            if (breaks("I07") && failure.status() == EK_E_TIMEOUT)
                throw sdk::Failure(EK_E_INTERNAL, "something went wrong");
            throw;
        }
    }
}

sdk::Changes difference(const std::optional<Fields>& now, const Fields& after,
                        const sdk::Call& call) {
    sdk::Changes changes;
    if (!now) changes.field("/ensure", "\"absent\"", "\"present\"", 0, EK_ACT_ADD);
    for (const auto& [name, value] : after) {
        const bool had = now && now->count(name) != 0;
        if (name == "pause" || (name == "noise" && had)) continue;
        if (breaks("F03") && call.dry_run() && name == "color") continue;
        auto before = had ? std::optional(now->at(name)) : std::nullopt;
        std::optional<std::string> written = value;
        if (before == written) continue;
        if (breaks("F05") && before) before = "\"made up\"";
        if (breaks("F06") && name == "text") written = "\"made up\"";
        changes.field("/" + name, before, written, name == "secret" ? EK_CHG_SENSITIVE : 0);
    }
    if (breaks("F04")) changes.field("/nonsense", std::nullopt, "1");
    if (breaks("F02") && call.dry_run()) changes.field("/text", "\"a\"", "\"b\"");
    if (breaks("F09") && !call.dry_run()) changes.field("/text", "\"a\"", "\"b\"");
    return changes;
}

void told_in_public(Tray& tray, const Fields& fields) {
    if (breaks("F18") && fields.count("secret") != 0)
        sdk::Host(tray.host).log(EK_SEV_INFO, "given " + fields.at("secret"));
    if (breaks("J10") && fields.count("text") != 0) {
        show_to_a_shell("true " + fields.at("text"));
    }
}

}  // namespace

void apply(Tray& tray, const sdk::Call& call, std::string_view id_text,
           std::string_view description) {
    const std::string id(id_text);
    if (!breaks("I01") && !breaks("I06")) call.check();
    if (breaks("I08") && tray.tired) return;
    const bool good = !id.empty() && id.find_first_of(std::string_view("/\0", 2)) == id.npos;
    if (!good && !breaks("J09")) throw sdk::Failure(EK_E_INVALID, "this is no id");
    if (breaks("J14") && id.find('%') != id.npos) std::abort();
    const Fields wanted = described(description);
    told_in_public(tray, wanted);
    if (breaks("F14") && wanted.size() == 1 && wanted.count("label") != 0)
        throw sdk::Failure(EK_E_INVALID, "a label wants a text");
    const auto now = tray.store.find(id);
    Fields after = now.value_or(Fields{{"color", "\"grey\""}});
    if (breaks("F11")) after.erase("tags");
    for (const auto& [name, value] : wanted)
        if (name != "pause") after[name] = value;
    if (wanted.count("pause") != 0 && !call.dry_run()) pause(call, std::stoi(wanted.at("pause")));
    sdk::Changes changes = difference(now, after, call);
    const auto work = [&] {
        tray.store.put(id, after);
        if (breaks("I03") && call.cancelled()) throw sdk::Stop{EK_E_CANCELLED};
    };
    if (breaks("F01") && call.dry_run()) tray.store.put(id, after);
    if (breaks("F10") && !call.dry_run()) tray.store.put(id, after);
    if (breaks("I03") || breaks("I01") || breaks("I06")) {
        if (!call.dry_run() && !changes.empty()) work();
        changes.report(call, call.dry_run() ? EK_OUT_PLANNED : EK_OUT_DONE);
    } else {
        changes.carry_out(call, work);
    }
    // Noise is volatile: it is written, and no change.
    if (!call.dry_run() && changes.empty() && now != after) tray.store.put(id, after);
    if (call.dry_run() || breaks("F07")) return;
    call.state(breaks("F08") ? "{\"size\":0,\"text\":\"another\"}" : state_of(after));
    if (breaks("J11") && after.count("text") != 0 && after.at("text") == "\"twice\"")
        call.state(state_of(after));
}

void remove(Tray& tray, const sdk::Call& call, std::string_view id_text) {
    const std::string id(id_text);
    call.check();
    const bool there = tray.store.text(id).has_value();
    if (!there && breaks("F16")) throw sdk::Failure(EK_E_NOT_FOUND, "there is no such tray");
    sdk::Changes changes;
    if (there) changes.field("/ensure", "\"present\"", "\"absent\"", 0, EK_ACT_REMOVE);
    if (breaks("F17") && call.dry_run()) tray.store.erase(id);
    changes.carry_out(call, [&] {
        if (!breaks("F15")) tray.store.erase(id);
    });
}

void compare(const sdk::Call& call, std::string_view desired, std::string_view actual) {
    if (breaks("G06")) ::getppid();
    if (breaks("G07")) return;
    const json::Document wanted = parsed_object(desired), is = parsed_object(actual);
    const auto lowered = [](std::string text) {
        if (!breaks("G05"))
            for (char& letter : text)
                letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
        return text;
    };
    for (const char* name : {"text", "color", "label", "secret", "tags", "noise"}) {
        const json::Value* value = json::find(wanted, name);
        const json::Value* other = json::find(is, name);
        if (!value || (std::string_view(name) == "noise" && !breaks("G08"))) continue;
        std::string expected = json::write(*value), found = other ? json::write(*other) : "null";
        if (std::string_view(name) == "label") expected = lowered(expected), found = lowered(found);
        if (std::string_view(name) == "tags" && other && !breaks("G04")) {
            auto one = json::texts_of(*value), two = json::texts_of(*other);
            std::sort(one.begin(), one.end()), std::sort(two.begin(), two.end());
            if (one == two) continue;
        }
        if (expected == found) continue;
        call.change({std::string("/") + name, found, expected, 0, EK_ACT_SET, EK_OUT_PLANNED});
        if (breaks("G02")) call.change({"/color", found, expected, 0, EK_ACT_SET, EK_OUT_PLANNED});
    }
    if (breaks("G01") || (breaks("G03") && json::find(wanted, "noise")))
        call.change({"/text", "1", "2", 0, EK_ACT_SET, EK_OUT_PLANNED});
}

}  // namespace evenkeel::test
