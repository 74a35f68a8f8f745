#include "orchestrator/enrolment/signer.hpp"

#include <semaphore>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "core/crypto/x509.hpp"
#include "core/run/loop.hpp"
#include "tests/support/wait.hpp"

namespace evenkeel::enrolment {
namespace {

using namespace std::chrono_literals;

const auto kRefuse = [](const std::string&, const std::string&) -> Result<std::string> {
    return fail(Errc::invalid, "no");
};

class SignerTest : public testing::Test {
  protected:
    run::Loop loop_;
    std::vector<Errc> refusals_;
    Signer::Done count_ = [this](const Result<Certificate>& made) {
        refusals_.push_back(made ? Errc::internal : made.error().code);
    };
};

TEST_F(SignerTest, TheCertificateComesToTheLoopWithItsFingerprint) {
    const auto authority = *crypto::Authority::create("test");
    Signer signer(
        loop_,
        [&](const std::string& request, const std::string& host) {
            EXPECT_FALSE(loop_.is_here());
            return authority.sign_host(request, host);
        },
        1);
    Certificate made;
    signer.sign(*crypto::make_request(*crypto::make_key(), "x"), "host_1",
                [&](const Result<Certificate>& done) {
                    EXPECT_TRUE(loop_.is_here());
                    made = *done;
                });
    ASSERT_TRUE(loop_.run_until([&] { return !made.pem.empty(); }, test::kPatience));
    EXPECT_EQ(made.fingerprint, *crypto::certificate_fingerprint(made.pem));
}

TEST_F(SignerTest, MoreThanMayWaitIsBusyAndNeverAnsweredInsideTheCall) {
    std::binary_semaphore begun{0};
    std::binary_semaphore go_on{0};
    Signer signer(
        loop_,
        [&](const std::string&, const std::string&) -> Result<std::string> {
            begun.release();
            go_on.acquire();
            return fail(Errc::invalid, "no");
        },
        1);
    signer.sign("", "", count_);
    begun.acquire();
    signer.sign("", "", count_);
    signer.sign("", "", count_);
    EXPECT_TRUE(refusals_.empty());
    ASSERT_TRUE(loop_.run_until([&] { return refusals_.size() == 1; }, test::kPatience));
    EXPECT_EQ(refusals_, std::vector{Errc::busy});
    go_on.release();
    begun.acquire();
    go_on.release();
    ASSERT_TRUE(loop_.run_until([&] { return refusals_.size() == 3; }, test::kPatience));
}

TEST_F(SignerTest, NothingComesAfterStop) {
    Signer signer(loop_, kRefuse, 1);
    signer.sign("", "", count_);
    signer.stop();
    loop_.run_ready();
    EXPECT_TRUE(refusals_.empty());
}

}  // namespace
}  // namespace evenkeel::enrolment
