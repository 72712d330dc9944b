// U-Boot's network, as far as one file by TFTP needs it (U-Boot documentation: "tftpboot", "dhcp", "Environment
// variables"). What is set stays in U-Boot's memory and is gone with the next restart.
#pragma once

#include "transports/protocols/uboot/console.h"

#include <QHostAddress>

#include <functional>
#include <optional>

namespace sealift {

struct UbootTftpLoad {
  QHostAddress server;
  quint16 port = 69;  // any other only where U-Boot was built with CONFIG_TFTP_PORT
  QByteArray fileName;
  quint64 address = 0;                      // of memory
  int blockBytes = 1468;                    // asked for: RFC 2348
  int windowBlocks = 1;                     // RFC 7440
  std::chrono::milliseconds time{600'000};  // for all of it
  std::function<void()> meanwhile = [] {};  // called some times a second
};

class UbootNetwork {
 public:
  explicit UbootNetwork(UbootConsole& console) : console_(console) {}

  // U-Boot's own IPv4 address; nothing when it has none that a host can have.
  Result<std::optional<QHostAddress>> address(const CancelToken& cancel);
  Status setAddress(const QHostAddress& address, int prefixLength, const CancelToken& cancel);
  // Asks for an address and loads nothing. Errors: ProtocolRefused (with U-Boot's last words), Timeout.
  Status askDhcp(const CancelToken& cancel);
  // Loads a file into memory and starts nothing; returns how many bytes U-Boot says that it has received. U-Boot takes
  // the file from whoever answers first: the caller has to prove what is in memory.
  // Errors: ProtocolRefused (with U-Boot's last words), ProtocolMalformed, Timeout, Cancelled, LinkLost. Except for the
  // last one, the prompt stands there afterwards if it can be had.
  Result<quint64> load(const UbootTftpLoad& load, const CancelToken& cancel);

  static bool isHostAddress(const QHostAddress& address);

 private:
  Result<CommandResult> runLoad(const UbootTftpLoad& load, const CancelToken& cancel);

  UbootConsole& console_;
};

}  // namespace sealift
