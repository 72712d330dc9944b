// What a device with SWUpdate says: messages of its WebSocket, heads and bodies of its HTTP answers, challenges.
#include "tests/fuzz/fuzz_target.h"
#include "transports/links/http_authentication.h"
#include "transports/protocols/swupdate/swupdate_outcome.h"

#include <algorithm>

using namespace sealift;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const QByteArray bytes = fuzz::toBytes(data, size);
  SwupdateOutcome outcome("sealift-0000.swu");
  double before = 0.0;
  for (const QByteArray& message : bytes.split('\n')) {
    if (const auto event = parseSwupdateEvent(message)) {
      fuzz::require(event->step <= event->steps && event->percent >= 0 && event->percent <= 100, "numbers are limited");
      const bool printable = std::all_of(event->text.cbegin(), event->text.cend(), [](QChar c) { return c.isPrint(); });
      fuzz::require(printable && event->text.size() <= 300, "text can be shown");
      outcome.take(*event);
      fuzz::require(outcome.installed() >= before && outcome.installed() <= 1.0, "progress never goes backwards");
      before = outcome.installed();
    }
  }
  fuzz::require(outcome.refusal().what.endsWith(u'.'), "a refusal is a sentence");
  if (const auto head = parseHttpHead(bytes)) {
    fuzz::require(head->status >= 100 && head->status <= 599, "a status exists");
    if (const auto framing = httpFraming(*head, "GET")) {
      fuzz::require(!framing->length || *framing->length >= 0, "a length is not negative");
    }
    if (auto challenge = HttpChallenge::strongest(head->values("www-authenticate"))) {
      const QByteArray field = challenge->answer("GET", "/", QStringLiteral("user"), "password", "nonce");
      fuzz::require(!field.contains('\n') && !field.contains('\r'), "an answer is one field");
    }
  }
  ChunkedDecoder decoder;
  if (const auto content = decoder.add(bytes)) {
    fuzz::require(content->size() <= bytes.size(), "chunks add nothing");
  }
  return 0;
}
