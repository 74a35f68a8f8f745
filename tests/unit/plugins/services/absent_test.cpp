#include <gtest/gtest.h>
#include <systemd/sd-daemon.h>

#include "tests/unit/plugins/bundled.hpp"

namespace evenkeel::plugin {
namespace {

// The plugin as it is loaded, where systemd does not run the machine.
class ServicesAbsent : public Bundled {
  protected:
    ServicesAbsent() : Bundled("services") {}
    void SetUp() override {
        Bundled::SetUp();
        if (::sd_booted() > 0) GTEST_SKIP() << "systemd runs this machine";
    }
    static void expect_unavailable(const Error& error) {
        EXPECT_EQ(error.code, Errc::unavailable);
        EXPECT_NE(error.what.find("systemd does not run this machine"), std::string::npos);
    }
};

TEST_F(ServicesAbsent, EveryCallSaysWhy) {
    expect_unavailable(collection_->read({"ssh"}, {}).error());
    expect_unavailable(collection_->list({}, {}).error());
    expect_unavailable(collection_->watch([](Hint, const std::string&) {}).error());
    const auto wanted = json::parse(R"({"running":true})").value();
    expect_unavailable(collection_->apply("ssh", wanted, true, {}).error.value());
    expect_unavailable(collection_->remove("ssh", false, {}).error.value());
    expect_unavailable(collection_->invoke("ssh", "restart", {}, {}).error.value());
}

TEST_F(ServicesAbsent, WhatIsWrongAnywayIsStillSaid) {
    const auto wanted = json::parse(R"({"running":true,"masked":true})").value();
    EXPECT_EQ(collection_->apply("ssh", wanted, false, {}).error->code, Errc::invalid);
    EXPECT_EQ(collection_->invoke("ssh", "explode", {}, {}).error->code, Errc::unsupported);
}

}  // namespace
}  // namespace evenkeel::plugin
