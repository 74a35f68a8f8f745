#include <string>
#include <string_view>
#include <vector>

#include <evenkeel/calls.h>
#include <gtest/gtest.h>

namespace {

std::string text(ek_str value) {
    return value.ptr ? std::string(value.ptr, value.len) : "(none)";
}

// A host that keeps what it is told.
struct Told {
    std::vector<std::string> lines;
    ek_status answer = EK_OK;
    bool cancelled = false;
    ek_out out{};
    ek_call call{};

    Told() {
        out.size = sizeof out;
        out.ctx = this;
        out.item = [](void* ctx, const ek_item* item) {
            return self(ctx).say("item " + text(item->id) + " " + text(item->json) +
                                 (item->error ? " " + text(item->error->summary) : ""));
        };
        out.state = [](void* ctx, const ek_state* state) {
            return self(ctx).say("state " + text(state->json));
        };
        out.change = [](void* ctx, const ek_change* change) {
            return self(ctx).say("change " + std::to_string(change->action) + " " +
                                 text(change->path) + " " + text(change->before) + " " +
                                 text(change->after) + " " + std::to_string(change->outcome));
        };
        out.diag = [](void* ctx, const ek_diag* diag) {
            return self(ctx).say("diag " + std::to_string(diag->severity) + " " + text(diag->path) +
                                 " " + text(diag->summary));
        };
        call.size = sizeof call;
        call.cancel_fd = -1;
        call.out = &out;
        call.cancelled = [](const ek_call* of) -> std::int32_t {
            return self(of->out->ctx).cancelled;
        };
    }
    Told(const Told&) = delete;
    Told& operator=(const Told&) = delete;

    static Told& self(void* ctx) { return *static_cast<Told*>(ctx); }
    ek_status say(std::string line) {
        lines.push_back(std::move(line));
        return answer;
    }
    using Lines = std::vector<std::string>;
};

TEST(CallsForC, AFailureIsSaidAndAnswered) {
    Told told;
    EXPECT_EQ(ek_call_fail(&told.call, EK_E_INVALID, "/text", "no"), EK_E_INVALID);
    EXPECT_EQ(ek_call_fail_errno(&told.call, EACCES, "open", "it"), EK_E_DENIED);
    EXPECT_EQ(told.lines,
              (Told::Lines{"diag 4 /text no", "diag 4 (none) cannot open it: Permission denied"}));
}

TEST(CallsForC, ACallGoesOnUntilItIsCancelledOrLate) {
    Told told;
    EXPECT_EQ(ek_call_check(&told.call), EK_OK);
    told.call.deadline_ns = 1;
    EXPECT_EQ(ek_call_check(&told.call), EK_E_TIMEOUT);
    EXPECT_EQ(told.lines.size(), 1u);
    told.cancelled = true;
    EXPECT_EQ(ek_call_check(&told.call), EK_E_CANCELLED);
    EXPECT_EQ(told.lines.size(), 1u) << "nobody asks why";
}

TEST(CallsForC, ChangesAreOfAPlanOrDone) {
    Told told;
    const ek_str none{nullptr, 0};
    ek_call_change_ensure(&told.call, 1);
    told.call.flags = EK_CALL_DRY_RUN;
    ek_call_change_ensure(&told.call, 0);
    const auto outcome = ek_call_outcome(&told.call);
    ek_call_change_text(&told.call, "/a", none, ek_json_str("\"x\""), outcome);
    ek_call_change_text(&told.call, "/a", ek_json_str(""), ek_json_str("x"), outcome);
    EXPECT_EQ(told.lines,
              (Told::Lines{"change 2 /ensure \"absent\" \"present\" 2",
                           "change 3 /ensure \"present\" \"absent\" 1",
                           R"(change 2 /a (none) "\"x\"" 1)", R"(change 1 /a "" "x" 1)"}));
}

TEST(CallsForC, ItemsAndStatesAreSentAndFreed) {
    Told told;
    ek_json_out state{};
    ek_json_put_text(&state, "x", 1);
    EXPECT_EQ(ek_call_item(&told.call, ek_json_str("one"), &state), EK_OK);
    EXPECT_EQ(ek_call_unreadable(&told.call, ek_json_str("two"), EACCES), EK_OK);
    ek_json_out lost{};
    lost.failed = 1;
    EXPECT_EQ(ek_call_state(&told.call, &lost), EK_E_UNAVAILABLE);
    EXPECT_EQ(told.lines, (Told::Lines{"item one \"x\"", "item two (none) Permission denied",
                                       "diag 4 (none) there is no memory"}));
}

TEST(CallsForC, EachIdIsToldUntilOneSaysStop) {
    Told told;
    const auto each = [](void* ctx, const ek_call*, ek_str id) -> ek_status {
        auto& seen = *static_cast<std::string*>(ctx);
        seen += text(id) + ";";
        return text(id) == "stop" ? EK_E_CANCELLED : EK_OK;
    };
    const auto run = [&](const char* ids) {
        std::string seen;
        const auto status = ek_call_each_id(&told.call, ek_json_str(ids), each, &seen);
        return seen + std::to_string(status);
    };
    EXPECT_EQ(run(R"(["a","\u0062"])"), "a;b;0");
    EXPECT_EQ(run(R"(["a","stop","b"])"), "a;stop;9");
    EXPECT_TRUE(told.lines.empty());
    for (const char* bad : {"{}", "", "[\"a\"", "[1]", "\"a\""}) {
        told.lines.clear();
        EXPECT_EQ(run(bad), "1") << bad;
        EXPECT_EQ(told.lines.size(), 1u) << bad;
    }
}

TEST(CallsForC, AMemberIsTextOrNotThereOrRefused) {
    Told told;
    const auto run = [&](const char* object) {
        char* found = nullptr;
        std::size_t length = 0;
        const auto status = ek_call_text(&told.call, ek_json_str(object), "text", &found, &length);
        std::string seen = (found ? std::string(found, length) : "(none)") + std::to_string(status);
        std::free(found);
        return seen;
    };
    EXPECT_EQ(run(R"({"text":"a\u0000b"})"), std::string("a\0b0", 4));
    EXPECT_EQ(run(R"({"other":1})"), "(none)0");
    EXPECT_TRUE(told.lines.empty());
    for (const char* bad : {"[]", "{", R"({"text":1})", R"({"text":"a","text":"b"})"})
        EXPECT_EQ(run(bad), "(none)1") << bad;
    EXPECT_EQ(told.lines.size(), 4u);
    ek_str ids{};
    EXPECT_EQ(ek_call_filter(&told.call, ek_str{nullptr, 0}, &ids), EK_OK);
    EXPECT_EQ(text(ids), "(none)");
    EXPECT_EQ(ek_call_filter(&told.call, ek_json_str(R"({"ids":["a"]})"), &ids), EK_OK);
    EXPECT_EQ(text(ids), R"(["a"])");
    EXPECT_EQ(ek_call_filter(&told.call, ek_json_str("[]"), &ids), EK_E_INVALID);
}

}  // namespace
