#include <set>

#include "core/base/time.hpp"
#include "orchestrator/api/page_queue.hpp"
#include "orchestrator/http/responder.hpp"
#include "orchestrator/state/edit.hpp"
#include "orchestrator/state/enrolment_tokens.hpp"
#include "orchestrator/state/hosts.hpp"
#include "tests/unit/orchestrator/fixture.hpp"

namespace evenkeel::api {
namespace {

const Fields kFields = {{.name = "name"},
                        {.name = "size"},
                        {.name = "state", .values = {"up", "down"}},
                        {.name = "host", .is_host = true},
                        {.name = "labels."}};

class ListsTest : public test::StateTest {
  protected:
    ApiResult<Filter> filter(const std::string& text) { return read_filter(text, kFields, read()); }
    bool matches(const std::string& text, const json::Value& item) {
        const auto read = filter(text);
        EXPECT_TRUE(read) << text << ": " << (read ? "" : read.error().detail);
        return read && read->matches(item);
    }
    // Position at which the filter was refused.
    std::int64_t refused_at(const std::string& text) {
        const auto read = filter(text);
        EXPECT_FALSE(read) << text;
        if (read) return -1;
        EXPECT_EQ(read.error().code, http::Code::bad_filter);
        EXPECT_TRUE(read.error().more.contains("expected"));
        return json::Value(read.error().more).integer_or("position", -1);
    }
};

TEST_F(ListsTest, AHostIsFoundByNameToo) {
    EXPECT_TRUE(matches("host = web1", json::Object{{"host", host_}}));
    EXPECT_TRUE(matches("host = " + host_, json::Object{{"host", host_}}));
    EXPECT_TRUE(matches("host in (nobody, web1)", json::Object{{"host", host_}}));
}

TEST_F(ListsTest, WhatIsNoFilterIsRefusedWhereItIsWrong) {
    EXPECT_EQ(refused_at("colour = red"), 0);
    EXPECT_EQ(refused_at("state = sideways"), 8);
    EXPECT_EQ(refused_at("name = x AND"), 12);
}

TEST_F(ListsTest, AnOrderNamesKnownFieldsAndAtMostFour) {
    EXPECT_TRUE(SortOrder::read("name,-size,labels.a,state", kFields));
    for (const char* text :
         {"", "colour", "name,,size", "--name", "name,-", "+name", "name,size,state,host,name"}) {
        const auto read = SortOrder::read(text, kFields);
        ASSERT_FALSE(read) << text;
        EXPECT_EQ(read.error().code, http::Code::invalid_parameter);
    }
}

// Pages over enrolment tokens: the item is {"name","size"} with the id, and its name's length.
class SortedPagesTest : public ListsTest {
  protected:
    void SetUp() override {
        ListsTest::SetUp();
        looks_ = made_ = 0;
    }
    json::Value page(const std::map<std::string, std::string, std::less<>>& query) {
        http::Request request;
        request.target = "/v1/things";
        request.query = query;
        PageWork work = *begin(request);
        while (!*work.read_on(read(), deadline_ns_)) between_pieces_();
        return *json::parse(work.reply().body);
    }
    ApiResult<PageWork> begin(const http::Request& request) {
        const auto view = read();
        return PageWork::begin(view, Pages(protector_, "stream_1", kFields), request,
                               {.list = view.enrolment_tokens().list(),
                                .make_for =
                                    [this](const state::View&) {
                                        return [this](const state::Entry& entry) {
                                            ++made_;
                                            return show(entry);
                                        };
                                    },
                                .peek_for = peek_for_});
    }
    // Tells all but of those whose name has an `o`, and leaves out one.
    PageSource::Peek peek() {
        return [this](const state::Entry& entry, const state::FieldNames& names,
                      state::FieldValues& values) -> ApiResult<PageSource::Peeked> {
            ++looks_;
            const json::Value item = **show(entry);
            const std::string name = item.string_or("name");
            if (name == "left out") return PageSource::Peeked::not_listed;
            if (name.find('o') != std::string::npos) return PageSource::Peeked::unknown;
            values.clear();
            json::Value made;
            for (const auto field : names) values.push_back(filter::field_of(item, field, made));
            return PageSource::Peeked::told;
        };
    }
    static ApiResult<std::optional<json::Value>> show(const state::Entry& entry) {
        const auto token = *state::EnrolmentTokens::read(entry);
        return json::Object{{"name", token.id}, {"size", token.name.size()}};
    }
    std::vector<std::string> walk(std::map<std::string, std::string, std::less<>> query,
                                  const std::function<void(int page)>& between = {}) {
        std::vector<std::string> names;
        for (int number = 0;; ++number) {
            const json::Value body = page(query);
            for (const json::Value& item : body["items"].as_array()) {
                names.push_back(item.string_or("name"));
            }
            if (body["next"].is_null()) return names;
            query["cursor"] = body.string_or("next");
            if (between) between(number);
        }
    }
    void put(const std::string& name, std::size_t size) {
        change([&](state::Edit& edit) {
            return edit.enrolment_tokens().put({.id = name,
                                                .hash = "h",
                                                .name = std::string(size, 'x'),
                                                .created_at = "",
                                                .replaces = ""});
        });
    }
    std::uint64_t deadline_ns_ = UINT64_MAX;  // 0: each piece is one entry
    std::function<void()> between_pieces_ = [] {};
    std::function<PageSource::Peek(const state::View&)> peek_for_;
    std::size_t looks_ = 0;
    std::size_t made_ = 0;
};

TEST_F(SortedPagesTest, OnlyItemsThatThePageShowsAreMadeWhereEntriesCanBeLookedInto) {
    for (int i = 100; i < 400; ++i) put("n" + std::to_string(i), 1 + i % 100);
    put("one", 1);
    put("two", 500);
    for (const char* order : {"", "size", "-size", "-name,size"}) {
        for (const char* filter : {"", "size = 7", "size = 500 AND name = two"}) {
            std::map<std::string, std::string, std::less<>> query{{"limit", "5"}};
            if (*order != '\0') query["order_by"] = order;
            if (*filter != '\0') query["filter"] = filter;
            peek_for_ = nullptr;
            const std::vector<std::string> whole = walk(query);
            peek_for_ = [this](const state::View&) { return peek(); };
            EXPECT_EQ(walk(query), whole) << order << " " << filter;
            looks_ = made_ = 0;
            page(query);
            EXPECT_LE(made_, 5U + 2U * 2U) << order << " " << filter;
            if (*order == '\0') continue;
            EXPECT_EQ(looks_, 302U) << "each once: " << order << " " << filter;
        }
    }
    put("left out", 1000);
    EXPECT_EQ(walk({{"order_by", "-size"}, {"limit", "1000"}}).front(), "two");
}

TEST_F(SortedPagesTest, APageReadInPiecesIsTheSame) {
    for (int i = 0; i < 9; ++i) put("n" + std::to_string(i), 1 + i % 3);
    std::size_t pieces = 0;
    between_pieces_ = [&] { ++pieces; };
    for (const char* order : {"", "size", "-size", "-name,size"}) {
        std::map<std::string, std::string, std::less<>> query{{"limit", "4"},
                                                              {"filter", "size = 2"}};
        if (*order != '\0') query["order_by"] = order;
        deadline_ns_ = UINT64_MAX;
        const auto whole = page(query);
        pieces = 0;
        deadline_ns_ = 0;
        EXPECT_EQ(page(query), whole) << order;
        EXPECT_GE(pieces, 9U) << order;
    }
}

TEST_F(SortedPagesTest, WhatGoesWhileAPageIsReadDoesNotEndTheList) {
    for (int i = 10; i < 40; ++i) put("n" + std::to_string(i), 1);
    std::size_t pieces = 0;
    deadline_ns_ = 0;
    between_pieces_ = [&] {
        if (++pieces != 31) return;  // once all places are known
        change([](state::Edit& edit) { return edit.enrolment_tokens().erase("n11"); });
    };
    const std::vector<std::string> names = walk({{"order_by", "name"}, {"limit", "5"}});
    EXPECT_EQ(names.size(), 29U);
    EXPECT_EQ(names.back(), "n39");
}

TEST_F(SortedPagesTest, WhatIsWrittenBetweenThePiecesIsAChangeAfterItsRevision) {
    for (int i = 0; i < 9; ++i) put("n" + std::to_string(i), 1);
    const std::uint64_t before = *read().revision();
    deadline_ns_ = 0;
    between_pieces_ = [&] { put("m" + std::to_string(*read().revision()), 1); };
    const json::Value body = page({{"order_by", "-name"}, {"limit", "9"}});
    EXPECT_EQ(json::write(body["revision"]), std::to_string(before));
    EXPECT_EQ(body["items"].as_array().size(), 9U);
}

// One who asks for much does not hold up the loop, and those behind him get their turns.
TEST_F(SortedPagesTest, LongPagesShareTheLoop) {
    for (int i = 0; i < 20; ++i) put("n" + std::to_string(i), 1);
    PageQueue queue(loop_, *state_);
    std::vector<std::string> answered;
    const auto ask = [&](const std::string& who, const std::string& limit) {
        http::Request request;
        request.target = "/v1/things";
        request.query["limit"] = limit;
        const auto view = read();
        auto work = PageWork::begin(
            view, Pages(protector_, "stream_1", kFields), request,
            {.list = view.enrolment_tokens().list(), .make_for = [](const state::View&) {
                 return [](const state::Entry& entry) {
                     const std::uint64_t end = now_monotonic_ns() + 4'000'000;
                     while (now_monotonic_ns() < end) continue;
                     return show(entry);
                 };
             }});
        queue.answer(std::make_shared<http::Responder>(
                         request, [&, who](http::Reply) { answered.push_back(who); }, nullptr),
                     *std::move(work));
    };
    ask("much", "20");
    ask("less", "8");
    ask("little", "3");
    EXPECT_EQ(queue.size(), 3U);
    std::size_t turns = 0;
    while (queue.size() > 0) turns += loop_.run_ready();
    EXPECT_EQ(answered, (std::vector<std::string>{"little", "less", "much"}));
    EXPECT_GE(turns, 8U);
}

TEST_F(SortedPagesTest, PagesFollowTheOrderAndTiesTheKey) {
    for (int i = 0; i < 9; ++i) put("n" + std::to_string(i), 1 + i % 3);
    const std::vector<std::string> up = {"n0", "n3", "n6", "n1", "n4", "n7", "n2", "n5", "n8"};
    const std::vector<std::string> down = {"n2", "n5", "n8", "n1", "n4", "n7", "n0", "n3", "n6"};
    for (const char* limit : {"1", "2", "4", "100"}) {
        EXPECT_EQ(walk({{"order_by", "size"}, {"limit", limit}}), up) << limit;
        EXPECT_EQ(walk({{"order_by", "-size"}, {"limit", limit}}), down) << limit;
    }
    EXPECT_EQ(walk({{"order_by", "-size,-name"}, {"filter", "size = 3"}, {"limit", "1"}}),
              (std::vector<std::string>{"n8", "n5", "n2"}));
}

TEST_F(SortedPagesTest, WhatStaysIsOnOnePageExactlyWhateverIsWrittenMeanwhile) {
    for (int i = 10; i < 40; ++i) put("stays" + std::to_string(i), 1 + i % 5);
    for (const char* order : {"size", "-size", "name", "-name", ""}) {
        std::map<std::string, std::string, std::less<>> query{{"limit", "3"}};
        if (*order != '\0') query["order_by"] = order;
        for (int i = 10; i < 40; ++i) put("goes" + std::to_string(i), 1 + i % 7);
        const auto seen = walk(query, [&](int page) {
            put("comes" + std::to_string(page), 1 + page % 6);
            change([&](state::Edit& edit) {
                return edit.enrolment_tokens().erase("goes" + std::to_string(10 + page));
            });
        });
        std::multiset<std::string> stayed;
        for (const std::string& name : seen) {
            if (name.starts_with("stays")) stayed.insert(name);
        }
        EXPECT_EQ(stayed.size(), 30U) << order;
        EXPECT_EQ(std::set<std::string>(stayed.begin(), stayed.end()).size(), 30U) << order;
    }
}

}  // namespace
}  // namespace evenkeel::api
