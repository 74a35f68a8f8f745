#pragma once

#include <memory>
#include <string>

#include "core/base/result.hpp"

namespace boost::asio::ssl {
class context;
}

namespace evenkeel::http {

// A server context for TLS 1.2 and later from PEM files: the certificate with its chain, and its
// key. `invalid` names the file that cannot be read or does not match. [any]
Result<std::shared_ptr<boost::asio::ssl::context>> make_tls(const std::string& certificate,
                                                            const std::string& key);

}  // namespace evenkeel::http
