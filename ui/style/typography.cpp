#include "ui/style/typography.h"

#include "ui/style/tokens.h"

#include <QFontDatabase>

namespace sealift {

namespace {

QFont font(int pixels, QFont::Weight weight) {
  static const QStringList families = [] {
    QStringList list;
    if (QFontDatabase::hasFamily(QStringLiteral("Inter"))) {
      list << QStringLiteral("Inter");
    }
    return list << QFontDatabase::systemFont(QFontDatabase::GeneralFont).families();
  }();
  QFont result;
  result.setFamilies(families);
  result.setPixelSize(pixels);
  result.setWeight(weight);
  return result;
}

}  // namespace

QFont textFont(TextStyle style) {
  switch (style) {
    case TextStyle::Caption:
      return font(type_size::kCaption, QFont::Normal);
    case TextStyle::Small:
      return font(type_size::kSmall, QFont::Normal);
    case TextStyle::SmallBold:
      return font(type_size::kSmall, QFont::DemiBold);
    case TextStyle::Body:
      break;
    case TextStyle::BodyBold:
      return font(type_size::kBody, QFont::DemiBold);
    case TextStyle::Notes:
      return font(type_size::kControl, QFont::Normal);
    case TextStyle::Control:
      return font(type_size::kControl, QFont::Medium);
    case TextStyle::ControlBold:
      return font(type_size::kControl, QFont::DemiBold);
    case TextStyle::Lead:
      return font(type_size::kLead, QFont::DemiBold);
    case TextStyle::Title:
      return font(type_size::kTitle, QFont::Bold);
    case TextStyle::Heading:
      return font(type_size::kHeading, QFont::Bold);
    case TextStyle::Mono: {
      QFont mono = QFontDatabase::systemFont(QFontDatabase::FixedFont);
      mono.setPixelSize(type_size::kSmall);
      return mono;
    }
  }
  return font(type_size::kBody, QFont::Normal);
}

}  // namespace sealift
