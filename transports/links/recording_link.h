// Links that pass everything on and tell a sink what went by, line by line (link_recording.h).
#pragma once

#include "transports/links/link.h"

#include <functional>

namespace sealift {

// Gets the header once and then each line, on the link's thread.
using RecordingSink = std::function<void(const QByteArray& line)>;

class RecordingByteLink final : public ByteLink {
 public:
  RecordingByteLink(ByteLink& inner, RecordingSink sink);

  Result<QByteArray> read(qsizetype maxBytes, const Deadline& deadline, const CancelToken& cancel) override;
  Status write(QByteArrayView bytes, const Deadline& deadline, const CancelToken& cancel) override;
  Status discardInput() override { return inner_.discardInput(); }
  QString description() const override { return inner_.description(); }
  ModemLines* modemLines() override { return inner_.modemLines(); }

 private:
  ByteLink& inner_;
  RecordingSink sink_;
};

class RecordingDatagramLink final : public DatagramLink {
 public:
  RecordingDatagramLink(DatagramLink& inner, RecordingSink sink);

  Result<QByteArray> receive(const Deadline& deadline, const CancelToken& cancel) override;
  Status send(QByteArrayView datagram, const Deadline& deadline, const CancelToken& cancel) override;
  qsizetype maxDatagram() const override { return inner_.maxDatagram(); }
  QString description() const override { return inner_.description(); }

 private:
  DatagramLink& inner_;
  RecordingSink sink_;
};

}  // namespace sealift
