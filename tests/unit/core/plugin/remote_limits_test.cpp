#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

#include <gtest/gtest.h>

#include "core/base/time.hpp"
#include "core/plugin/abi.hpp"
#include "core/plugin/channel/storage_request.hpp"
#include "core/plugin/remote/idle_work.hpp"
#include "core/plugin/remote/restarts.hpp"
#include "core/plugin/remote/storage_service.hpp"

namespace evenkeel::plugin {
namespace {

using namespace std::chrono_literals;

TEST(IdleWork, IsTooMuchOnlyBetweenCallsAndInMostOfTheTime) {
    constexpr std::uint64_t kSecond = 1'000'000'000;
    IdleWork work(5s);
    work.call_ends(0, 0);
    EXPECT_EQ(work.excess(4 * kSecond, 4 * kSecond), 0u);
    EXPECT_EQ(work.excess(6 * kSecond, 6 * kSecond), 6 * kSecond);

    IdleWork calls(5s);
    calls.call_ends(0, 0);
    calls.call_begins(kSecond, 0);
    calls.call_begins(2 * kSecond, kSecond);
    calls.call_ends(3 * kSecond, 50 * kSecond);
    EXPECT_EQ(calls.excess(4 * kSecond, 60 * kSecond), 0u);
    calls.call_ends(60 * kSecond, 100 * kSecond);
    EXPECT_EQ(calls.excess(61 * kSecond, 100 * kSecond), 0u);
    // Often called, and busy in between: it adds up.
    for (std::uint64_t at = 61; at < 66; ++at) {
        calls.call_begins(at * kSecond, (at + 39) * kSecond);
        calls.call_ends(at * kSecond, (at + 39) * kSecond);
    }
    EXPECT_EQ(calls.excess(67 * kSecond, 106 * kSecond), 6 * kSecond);

    IdleWork little(5s);
    little.call_ends(0, 0);
    EXPECT_EQ(little.excess(100 * kSecond, 6 * kSecond), 0u);
    EXPECT_EQ(little.excess(104 * kSecond, 10 * kSecond), 0u);
}

TEST(Restarts, PausesDoubleAndOldEndsAreForgotten) {
    Restarts restarts;
    EXPECT_EQ(restarts.ended(0ms), 100ms);
    EXPECT_EQ(restarts.ended(1s), 200ms);
    EXPECT_EQ(restarts.ended(2s), 400ms);
    EXPECT_EQ(restarts.ended(3s), 800ms);
    EXPECT_EQ(restarts.ended(11min), 100ms);
    for (int i = 0; i < 3; ++i) restarts.ended(11min);
    EXPECT_FALSE(restarts.ended(12min));
    restarts.forgive();
    EXPECT_EQ(restarts.ended(12min), 100ms);
}

class Stored : public testing::Test {
  protected:
    // Asks for a change, and waits until it is answered. False: it was no request.
    bool put(std::size_t key_length, std::size_t length) {
        const std::string key(key_length, 'k'), bytes(length, 'b');
        auto frame =
            frame_of(StorageRequest{1, StorageRequest::Operation::put, borrow(key), borrow(bytes)});
        constexpr std::size_t kHeader = 8;
        FrameReader reader(FrameKind::storage, frame.bytes().substr(kHeader));
        std::unique_lock lock(mutex_);
        const unsigned before = answers_;
        if (!service_.serve(reader)) return false;
        answered_.wait(lock, [&] { return answers_ != before; });
        return true;
    }

  private:
    static ek_status done(void*, ek_str, ek_str) { return EK_OK; }
    static const void* extension(void* ctx, const char*) {
        return &static_cast<Stored*>(ctx)->table_;
    }
    ek_storage table_{sizeof(ek_storage), 0, this, nullptr, done, nullptr};
    ek_host host_{sizeof(ek_host), 0, this, {}, {}, {}, nullptr, extension};
    std::mutex mutex_;
    std::condition_variable answered_;
    unsigned answers_ = 0;
    StorageService service_{host_, [this](const FrameWriter&) {
                                const std::lock_guard lock(mutex_);
                                ++answers_;
                                answered_.notify_all();
                            }};
};

TEST_F(Stored, WhatIsTooLongIsNoRequest) {
    EXPECT_TRUE(put(EK_STORAGE_KEY_MAX, EK_STORAGE_VALUE_MAX));
    EXPECT_FALSE(put(EK_STORAGE_KEY_MAX + 1, 1));
    EXPECT_FALSE(put(1, EK_STORAGE_VALUE_MAX + 1));
}

TEST_F(Stored, ManyChangesAreServedSlowly) {
    constexpr int kMore = 6;
    const std::uint64_t began = now_monotonic_ns();
    for (unsigned i = 0; i < StorageService::kFree + kMore; ++i) ASSERT_TRUE(put(1, 1));
    const std::chrono::nanoseconds took(now_monotonic_ns() - began);
    EXPECT_GE(took, (kMore - 1) * StorageService::kPause);
}

}  // namespace
}  // namespace evenkeel::plugin
