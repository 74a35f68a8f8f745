#include <algorithm>
#include <functional>
#include <future>
#include <iostream>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "core/base/file.hpp"
#include "core/base/text.hpp"
#include "core/crypto/hash.hpp"
#include "core/crypto/x509.hpp"
#include "core/json/counters.hpp"
#include "core/link/dialer.hpp"
#include "core/link/request.hpp"
#include "core/store/counters.hpp"
#include "core/wire/message.hpp"
#include "orchestrator/orchestrator.hpp"
#include "tests/support/wait.hpp"
#include "tests/unit/core/temp_folder.hpp"
#include "tests/unit/orchestrator/http/client.hpp"

// How often the whole program reads and writes JSON, and waits for the disk, on its two ways: a PUT
// that is waited for, and a drift that an agent reports. The agent here speaks in texts that are
// made by hand, so that all that is counted is the orchestrator's. docs/architecture.md shows the
// figures.
namespace evenkeel {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kContentBytes = 40'000;

const char* const kSchema = R"({"type":"object",)"
                            R"("x-ek-key":{"pattern":"^(/[^/]+)+$","description":"a path"},)"
                            R"("properties":{"content":{"type":"string","writeOnly":true},)"
                            R"("mode":{"type":"string"}}})";

// Texts with %1 and so on filled in, without a JSON writer, which would be counted.
std::string filled(std::string text, const std::vector<std::string>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::string name = "%" + std::to_string(i + 1);
        for (auto at = text.find(name); at != std::string::npos; at = text.find(name)) {
            text.replace(at, name.size(), values[i]);
        }
    }
    return text;
}

// The text value behind "name":" in `body`.
std::string text_member(const std::string& body, const std::string& name) {
    const std::string mark = "\"" + name + "\":\"";
    const auto at = body.find(mark);
    if (at == std::string::npos) return "";
    const auto begin = at + mark.size();
    return body.substr(begin, body.find('"', begin) - begin);
}

// What stands between the braces of "name":{...}, which has no inner ones.
std::string object_member(const std::string& body, const std::string& name) {
    const std::string mark = "\"" + name + "\":{";
    const auto at = body.find(mark);
    return at == std::string::npos
               ? ""
               : body.substr(at + mark.size() - 1, body.find('}', at) - at - mark.size() + 2);
}

const char* const kVerdict = R"({"status":"%1","reason":"","fields":[],)"
                             R"("since":"2026-11-23T05:36:53.120Z","seen_by":"event"})";

class Budget : public ::testing::Test {
  protected:
    void SetUp() override {
        Config config;
        config.state_dir = folder_ / "state";
        config.bus = {"127.0.0.1", 0};
        config.enrolment = {"127.0.0.1", 0};
        config.rest = "127.0.0.1:0";
        config.heartbeat = std::chrono::minutes(5);  // would be counted
        // What may ride on another commit causes none.
        auto opened = Orchestrator::open(loop_, config, {.lazy_max = std::chrono::hours(1)});
        ASSERT_TRUE(opened) << opened.error().what;
        orchestrator_ = *std::move(opened);
        ASSERT_TRUE(orchestrator_->start());
        const json::Value ready = *json::parse(orchestrator_->ready_line());
        rest_port_ = port_of(ready.string_or("rest"));
        token_ = *read_file(folder_ / "state/admin.token");
        token_.erase(token_.find('\n'));
        enrolment_port_ = port_of(ready.string_or("enrolment"));
        enrol(enrolment_port_, "web1");
        connect();
    }
    void TearDown() override {
        if (dialer_) dialer_->stop();
        bool stopped = false;
        orchestrator_->stop([&] { stopped = true; });
        loop_.run_until([&] { return stopped; }, test::kPatience);
    }

    static std::uint16_t port_of(const std::string& address) {
        return static_cast<std::uint16_t>(
            parse_number(address.substr(address.rfind(':') + 1)).value_or(0));
    }

    // Runs `call` on a thread of its own while the loop turns.
    template <typename Call>
    auto beside(Call call) {
        bool done = false;
        auto result = std::async(std::launch::async, [&] {
            auto made = call();
            loop_.post([&] { done = true; });
            return made;
        });
        EXPECT_TRUE(loop_.run_until([&] { return done; }, test::kPatience));
        return result.get();
    }

    http::Seen rest(const std::string& method, const std::string& path, const std::string& body,
                    const std::string& headers = "") {
        std::string bytes = method + " " + path + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " +
                            token_ + "\r\n" + headers;
        if (!body.empty()) {
            bytes +=
                "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n";
        }
        return beside([&] { return http::Client(rest_port_).ask(bytes + "\r\n" + body); });
    }

    void enrol(std::uint16_t port, const std::string& name) {
        const auto made = rest("POST", "/v1/enrolment-tokens", "{}");
        ASSERT_EQ(made.status, 201) << made.body;
        const crypto::Secret key = *crypto::make_key();
        wire::EnrolRequest request{.token = made.json().string_or("secret"),
                                   .csr = *crypto::make_request(key, name),
                                   .name = name,
                                   .machine_id = "m",
                                   .version = "0",
                                   .facts = json::Object{}};
        link::Remote remote;
        remote.host = "127.0.0.1";
        remote.port = port;
        remote.ca_file = folder_ / "state/ca.pem";
        const auto reply = beside([&] {
            return link::request_once(
                remote, std::string(wire::kEnrolAddress),
                {.body = wire::encode(request), .reply_to = "", .correlation_id = ""},
                test::kPatience);
        });
        ASSERT_TRUE(reply) << reply.error().what;
        const auto answer = wire::decode_enrol_answer(reply->body);
        ASSERT_TRUE(answer && !answer->error);
        host_ = answer->host;
        bus_port_ = answer->bus_port;
        ASSERT_TRUE(write_file(folder_ / "host.pem", answer->certificate, 0600));
        ASSERT_TRUE(write_file(folder_ / "host.key", key.reveal(), 0600));
    }

    void connect() {
        link::Dialer::Options options;
        options.host = "127.0.0.1";
        options.port = bus_port_;
        options.ca_file = folder_ / "state/ca.pem";
        options.certificate_file = folder_ / "host.pem";
        options.key_file = folder_ / "host.key";
        options.container_id = host_;
        options.sources = {wire::agent_address(host_)};
        options.targets = {std::string(wire::kEventsAddress), std::string(wire::kRepliesAddress)};
        link::Dialer::Events events;
        bool greeted = false;
        bool has_schema = false;
        events.on_up = [this] {
            send(filled(R"({"type":"hello","protocol":{"min":1,"max":1},"capabilities":[],)"
                        R"("version":"0","stream":"stream_agent","boot_id":"b","name":"web1",)"
                        R"("facts":{},"collections":[{"name":"files","plugin":"files 0",)"
                        R"("schema_sha256":"%1","schema_version":1}],)"
                        R"("commands":{"stream":"","seq":0}})",
                        {crypto::sha256_hex(kSchema)}));
        };
        events.on_message = [this, &greeted, &has_schema](const std::string&,
                                                          const link::Message& message,
                                                          const link::Delivery& delivery) {
            delivery.settle(link::Disposition::accept);
            const std::string type = text_member(message.body, "type");
            if (type == "hello") greeted = true;
            if (type == "command") take_command(message.body);
            if (text_member(message.body, "verb") == "schema") {
                const json::Value result =
                    json::Object{{"type", "reply"}, {"result", json::Object{{"schema", kSchema}}}};
                send(json::write(result), wire::kRepliesAddress, message.correlation_id);
                has_schema = true;
            }
        };
        events.on_settled = [this](const std::string&, std::uint64_t token, link::Disposition how) {
            if (how == link::Disposition::accept) settled_ = std::max(settled_, token);
        };
        dialer_ = std::make_unique<link::Dialer>(options, events, loop_.poster());
        ASSERT_TRUE(dialer_->start());
        ASSERT_TRUE(loop_.run_until([&] { return greeted && has_schema; }, test::kPatience));
        const auto digest = wire::digest_of("", {});
        send(wire::encode(digest));
        // Everything of the greeting is through once the schema is there.
        for (int i = 0; i < 200 && !knows_schema(); ++i)
            loop_.run_until([] { return false; }, 10ms);
    }
    bool knows_schema() {
        const auto shown = rest("GET", "/v1/hosts/web1/collections/files", "");
        return shown.status == 200 && shown.body.find("\"x-ek-key\"") != std::string::npos;
    }

    std::uint64_t send(std::string body, std::string_view address = wire::kEventsAddress,
                       const std::string& correlation = "") {
        const std::uint64_t token = ++sent_;
        const auto sent =
            dialer_->send(std::string(address), token,
                          {.body = std::move(body), .reply_to = "", .correlation_id = correlation});
        EXPECT_TRUE(sent) << sent.error().what;
        return token;
    }

    // Says that it runs, then that it is done.
    void take_command(const std::string& body) {
        ++commands_;
        generation_ = object_member(body, "generation");
        const std::string id = text_member(body, "id");
        send(filled(R"({"type":"event","stream":"","seq":0,"kind":"command.running","time":"",)"
                    R"("data":{"command":"%1"}})",
                    {id}));
        send(event("command.outcome",
                   filled(R"({"command":"%1","state":"succeeded","error":null,"resources":[)"
                          R"({"collection":"files","id":"/a","generation":%2,"outcome":"done",)"
                          R"("changes":[],"error":null,"state":{"size":1},"compliance":%3}]})",
                          {id, generation_, filled(kVerdict, {"compliant"})})));
    }

    std::string event(const std::string& kind, const std::string& data) {
        return filled(R"({"type":"event","stream":"stream_agent","seq":%1,"kind":"%2",)"
                      R"("time":"2026-11-23T05:36:53.120Z","data":%3})",
                      {std::to_string(++event_seq_), kind, data});
    }

    http::Seen put(char fill) {
        const std::string content(kContentBytes, fill);
        return rest("PUT", "/v1/hosts/web1/resources/files/%2Fa",
                    filled(R"({"description":{"content":"%1","mode":"0644"},"policy":"enforce"})",
                           {content}),
                    "Prefer: wait=20\r\n");
    }

    struct Count {
        std::uint64_t parses = 0;
        std::uint64_t writes = 0;
        std::uint64_t large_parses = 0;  // of texts that hold the description
        std::uint64_t large_writes = 0;
        std::uint64_t commits = 0;
    };
    // The least that one of three rounds takes: what the orchestrator does by the clock (it renews
    // a lease, say) may come into one of them.
    Count count(const std::function<void(int round)>& call) {
        Count least{~0ULL, ~0ULL, ~0ULL, ~0ULL, ~0ULL};
        for (int round = 0; round < 3; ++round) {
            const json::Counters before = json::counters();
            const store::Counters stored = store::counters();
            call(round);
            const json::Counters spent = json::counters() - before;
            least.commits = std::min(least.commits, (store::counters() - stored).commits);
            least.parses = std::min(least.parses, spent.parses);
            least.writes = std::min(least.writes, spent.writes);
            least.large_parses = std::min(least.large_parses, spent.parsed_bytes / kContentBytes);
            least.large_writes = std::min(least.large_writes, spent.written_bytes / kContentBytes);
        }
        std::cout << "parses " << least.parses << ", of descriptions " << least.large_parses
                  << ", writes " << least.writes << ", of descriptions " << least.large_writes
                  << ", commits " << least.commits << "\n";
        return least;
    }

    test::TempFolder folder_;
    run::Loop loop_;
    std::unique_ptr<Orchestrator> orchestrator_;
    std::unique_ptr<link::Dialer> dialer_;
    std::string token_;
    std::string host_;
    std::uint16_t rest_port_ = 0;
    std::uint16_t bus_port_ = 0;
    std::uint16_t enrolment_port_ = 0;
    std::uint64_t sent_ = 0;
    std::uint64_t settled_ = 0;
    std::uint64_t event_seq_ = 0;
    std::string generation_;
    int commands_ = 0;
};

TEST_F(Budget, APutThatIsWaitedFor) {
    ASSERT_EQ(put('a').status, 200);
    const Count spent =
        count([&](int round) { EXPECT_EQ(put(static_cast<char>('b' + round)).status, 200); });
    EXPECT_EQ(commands_, 4);
    // 22 and 20, and two more each time that what may be late is committed before the outcome. Two
    // are the host and its environment, in the transaction: whether it is protected.
    EXPECT_LE(spent.parses, 24U);
    EXPECT_LE(spent.large_parses, 2U) << "the request, what is sent";
    EXPECT_LE(spent.writes, 24U);
    EXPECT_LE(spent.large_writes, 3U) << "the keyed code, the store, the bus";
    EXPECT_EQ(spent.commits, 2U) << "what is described, and the outcome";
}

TEST_F(Budget, ADriftThatIsReported) {
    ASSERT_EQ(put('a').status, 200);
    const Count spent = count([&](int round) {
        const bool drifts = round % 2 == 0;
        const std::uint64_t token = send(
            event(drifts ? "resource.drifted" : "resource.restored",
                  filled(R"({"collection":"files","id":"/a","policy":"enforce","generation":%1,)"
                         R"("compliance":%2,"changes":[],"state":{"size":2}})",
                         {generation_, filled(kVerdict, {drifts ? "drifted" : "compliant"})})));
        EXPECT_TRUE(loop_.run_until([&] { return settled_ >= token; }, test::kPatience));
    });
    // One of them: the counts of the host, for the totals of the fleet.
    EXPECT_LE(spent.parses, 5U);
    EXPECT_EQ(spent.large_parses, 0U);
    EXPECT_LE(spent.writes, 4U);
    EXPECT_EQ(spent.large_writes, 0U);
    EXPECT_EQ(spent.commits, 1U);
}

// Rows and texts that `call` costs, the least of three times.
struct Work {
    std::uint64_t rows = ~0ULL;
    std::uint64_t texts = ~0ULL;

    friend bool operator==(const Work&, const Work&) = default;
    friend void PrintTo(const Work& work, std::ostream* out) {
        *out << work.rows << " rows, " << work.texts << " texts";
    }
};
Work work_of(const std::function<void()>& call) {
    Work least;
    for (int round = 0; round < 3; ++round) {
        const store::Counters rows = store::counters();
        const json::Counters texts = json::counters();
        call();
        const store::Counters moved = store::counters() - rows;
        const json::Counters made = json::counters() - texts;
        least.rows = std::min(least.rows, moved.reads + moved.writes);
        least.texts = std::min(least.texts, made.parses + made.writes);
    }
    return least;
}

TEST_F(Budget, AReadCostsTheSameWhateverElseIsDescribedQueuedAndEnrolled) {
    const http::Seen done = put('a');
    ASSERT_EQ(done.status, 200);
    const std::vector<std::string> paths = {"/v1/hosts/web1", "/v1/hosts/web1/resources/files/%2Fa",
                                            "/v1/hosts/web1/resources/files/%2Fa/history",
                                            "/v1/hosts/web1/collections/files",
                                            "/v1/commands/" + done.json().string_or("id")};
    const auto measure = [&] {
        std::vector<Work> all;
        for (const std::string& path : paths) {
            all.push_back(work_of([&] { EXPECT_EQ(rest("GET", path, "").status, 200) << path; }));
        }
        return all;
    };
    const std::vector<Work> before = measure();
    dialer_->stop();
    for (const char* name : {"web2", "web3", "web4", "web5", "web6"}) {
        enrol(enrolment_port_, name);
    }
    for (int i = 0; i < 200; ++i) {
        const auto queued =
            rest("PUT", "/v1/hosts/web1/resources/files/%2Fmany" + std::to_string(i),
                 R"({"description":{"mode":"0644"}})");
        ASSERT_EQ(queued.status, 202) << queued.body;
    }
    EXPECT_EQ(measure(), before);
    for (const Work& work : before) {
        EXPECT_LT(work.rows, 40U);
        EXPECT_LT(work.texts, 20U);
    }
}

}  // namespace
}  // namespace evenkeel
