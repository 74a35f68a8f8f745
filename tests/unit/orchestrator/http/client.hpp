#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/fd.hpp"
#include "core/json/json.hpp"

namespace evenkeel::http {

// One reply as the test's client saw it.
struct Seen {
    int status = 0;  // 0: the connection ended instead
    std::string head;
    std::string body;

    // The value of the header `name` as it was sent, or "".
    std::string header(std::string_view name) const;
    json::Value json() const;
    // The `code` of a problem document; "" when it is none.
    std::string code() const;
};

// A blocking HTTP client that sends exactly the bytes it is told to. Every wait ends after 10 s.
class Client {
  public:
    // `from` is the source address: anything in 127.0.0.0/8. With `receive_bytes` the kernel
    // takes in no more than about that much unread.
    explicit Client(std::uint16_t port, const char* from = "127.0.0.1", int receive_bytes = 0);

    bool connected() const { return connected_; }
    int fd() const { return fd_.get(); }
    // False when the server would not take all of it.
    bool send(std::string_view bytes);
    // One whole reply. With `bodiless` none of the bytes behind its head are its body.
    Seen receive(bool bodiless = false);
    // Sends and receives.
    Seen ask(std::string_view bytes) {
        send(bytes);
        return receive();
    }
    // Reads until `text` has come, and returns everything up to its end; "" if it never comes.
    std::string read_until(std::string_view text);
    // Whether the server closes the connection; what comes before is dropped.
    bool ends();
    void finish_sending();

  private:
    bool read_more();

    Fd fd_;
    bool connected_ = false;
    std::string in_;
};

// "GET path HTTP/1.1", Host, the further header lines (each with its CRLF), an empty line.
std::string get(std::string_view path, std::string_view more = "");
// The same with a body and its length.
std::string with_body(std::string_view method, std::string_view path, std::string_view body,
                      std::string_view type = "application/json");

}  // namespace evenkeel::http
