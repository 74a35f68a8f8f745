#include <fstream>

#include <unistd.h>

#include "tests/unit/orchestrator/http/serving.hpp"

namespace evenkeel::http {

namespace {

class Sse : public Serving {
  protected:
    // A client whose stream is open, and the stream.
    std::shared_ptr<Stream> open(Client& client) {
        const std::size_t before = streams_.size();
        client.send(get("/events", "Accept: text/event-stream\r\n"));
        EXPECT_TRUE(becomes_true([&] { return streams_.size() > before; }));
        return streams_.back();
    }
};

[[maybe_unused]] std::size_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    std::size_t total = 0;
    std::size_t resident = 0;
    file >> total >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST_F(Sse, SendsEventsWithIdsAndLinesOfTheirOwn) {
    start();
    Client client(port());
    const auto stream = open(client);
    const Seen seen = client.receive(true);
    EXPECT_EQ(seen.status, 200);
    EXPECT_EQ(seen.header("Content-Type"), "text/event-stream");
    EXPECT_EQ(seen.header("Cache-Control"), "no-store");
    EXPECT_EQ(seen.header("X-Accel-Buffering"), "no");
    EXPECT_EQ(client.read_until("\n\n"), "retry: 3000\n\n");
    on_loop([&] {
        stream->send("s-1", "resource.drifted", R"({"a":1})");
        stream->send("", "command.progress", "two\nlines");
    });
    EXPECT_EQ(client.read_until("\n\n"), "id: s-1\nevent: resource.drifted\ndata: {\"a\":1}\n\n");
    EXPECT_EQ(client.read_until("\n\n"), "event: command.progress\ndata: two\ndata: lines\n\n");
    on_loop([&] { stream->close(); });
    EXPECT_TRUE(client.ends());
    EXPECT_EQ(closed_streams_, 1);
}

TEST_F(Sse, WritesACommentWhenItIsQuiet) {
    start({.keep_alive = std::chrono::milliseconds(20)});
    Client client(port());
    open(client);
    EXPECT_NE(client.read_until(": keep-alive\n\n: keep-alive\n\n"), "");
}

TEST_F(Sse, TellsTheHandlerThatTheClientIsGone) {
    start();
    {
        Client client(port());
        open(client);
        EXPECT_NE(client.read_until("retry: 3000\n\n"), "");
    }
    EXPECT_TRUE(becomes_true([this] { return closed_streams_ == 1; }));
    EXPECT_TRUE(becomes_true([this] { return server_->connections() == 0; }));
}

TEST_F(Sse, AHeadOfAStreamEnds) {
    start();
    Client client(port());
    client.send("HEAD /events HTTP/1.1\r\nHost: test\r\n\r\n");
    const Seen seen = client.receive(true);
    EXPECT_EQ(seen.header("Content-Type"), "text/event-stream");
    EXPECT_EQ(client.read_until("\n"), "");
    EXPECT_TRUE(becomes_true([this] { return closed_streams_ == 1; }));
}

TEST_F(Sse, ASlowReaderIsToldAndClosed) {
    start({.stream_bytes_max = 10'000});
    Client client(port());
    const auto stream = open(client);
    // In one go, so that the connection has no time to write in between.
    on_loop([&] {
        int sent = 0;
        while (stream->send("s-1", "e", std::string(1000, 'x'))) ++sent;
        EXPECT_GE(sent, 9);
        EXPECT_LE(sent, 10);
    });
    EXPECT_NE(client.read_until("event: error\ndata: {\"code\":\"slow-consumer\"}\n\n"), "");
    EXPECT_TRUE(client.ends());
    EXPECT_EQ(closed_streams_, 1);
}

TEST_F(Sse, AReplayWaitsForTheReader) {
    start({.stream_bytes_max = 4000});
    Client client(port());
    const auto stream = open(client);
    int next = 0;
    const std::function<void()> refill = [&] {
        while (next < 1000 && stream->has_room_for(100)) {
            EXPECT_TRUE(stream->send("s-" + std::to_string(++next), "e", "replayed"));
        }
    };
    on_loop([&] {
        stream->on_drained(refill);
        refill();
    });
    EXPECT_NE(client.read_until("id: s-1000\n"), "");
    on_loop([&] { stream->close(); });
}

TEST_F(Sse, OneFrameGoesToHundredsOfReaders) {
    constexpr std::size_t kReaders = 400;
    constexpr std::size_t kEvents = 200;
    start({.connections_per_address_max = kReaders,
           .requests_per_principal_max = kReaders,
           .streams_per_principal_max = kReaders});
    std::vector<std::unique_ptr<Client>> readers;
    for (std::size_t i = 0; i < kReaders; ++i) {
        readers.push_back(std::make_unique<Client>(port()));
        open(*readers.back());
    }
    const std::uint64_t before = frames_made();
    // Some of them are more than one write takes.
    for (std::size_t i = 1; i <= kEvents; ++i) {
        on_loop([&] {
            const std::size_t bytes = i == 7 ? 150'000 : i;
            const Frame frame = make_frame("s-" + std::to_string(i), "e", std::string(bytes, 'x'));
            for (const auto& stream : streams_) EXPECT_TRUE(stream->send(frame));
        });
    }
    EXPECT_EQ(frames_made() - before, kEvents);
    for (const auto& reader : readers) {
        const std::string text = reader->read_until("id: s-200\nevent: e\ndata: ");
        ASSERT_NE(text, "");
        std::size_t at = 0;
        for (std::size_t i = 1; i <= kEvents && at != std::string::npos; ++i) {
            at = text.find("id: s-" + std::to_string(i) + "\nevent: e\ndata: ", at);
        }
        EXPECT_NE(at, std::string::npos) << "in their order";
        EXPECT_NE(text.find("data: " + std::string(150'000, 'x') + "\n\nid: s-8\n"),
                  std::string::npos);
    }
}

TEST_F(Sse, StalledReadersCostBoundedMemoryAndDoNotHoldUpOthers) {
    start({.stream_bytes_max = 64 * 1024, .streams_per_principal_max = 101});
    std::vector<std::unique_ptr<Client>> stalled;
    for (int i = 0; i < 100; ++i) {
        stalled.push_back(std::make_unique<Client>(port(), "127.0.0.1", 4096));
        open(*stalled.back());
    }
    Client fast(port());
    open(fast);
    [[maybe_unused]] const std::size_t before = resident_bytes();
    const std::string data(10'000, 'x');
    // 3 MB for each of 100 readers: 300 MB if nothing were bounded.
    for (int i = 1; i <= 300; ++i) {
        const std::string id = "s-" + std::to_string(i);
        on_loop([&] {
            for (const auto& stream : streams_) stream->send(id, "e", data);
        });
        ASSERT_NE(fast.read_until("id: " + id + "\n"), "") << "the fast reader lost " << id;
    }
#ifndef __SANITIZE_ADDRESS__  // which keeps freed memory for a while
    EXPECT_LT(resident_bytes(), before + (std::size_t{50} << 20));
#endif
    EXPECT_TRUE(becomes_true([this] { return closed_streams_ == 100; }));
}

}  // namespace

}  // namespace evenkeel::http
