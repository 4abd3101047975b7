//! Pictures: opened within limits, made smaller, written anew.
//!
//! A crate of its own so that its heavy decoders are built once and optimised, and known by nobody else. Nothing here is
//! asynchronous: callers run it where blocking is allowed, and few at a time, for an open picture needs about four bytes for
//! each of its pixels.

use image::{
    DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder,
    imageops::FilterType, metadata::Orientation,
};
use std::io::Cursor;

/// What a picture is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Photos.
    Jpeg,
    /// Drawings and screens.
    Png,
    /// Stickers.
    Webp,
    /// Moving pictures, of which the first is taken.
    Gif,
    /// Photos of newer phones.
    Heic,
}

impl Format {
    fn of_image(self) -> Option<ImageFormat> {
        match self {
            Self::Jpeg => Some(ImageFormat::Jpeg),
            Self::Png => Some(ImageFormat::Png),
            Self::Webp => Some(ImageFormat::WebP),
            Self::Gif => Some(ImageFormat::Gif),
            Self::Heic => None,
        }
    }
}

/// Why a picture was not opened.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It has more pixels than allowed.
    #[error("the picture has too many pixels")]
    TooManyPixels,
    /// It is not what it says, cut off, or of a kind that is not understood.
    #[error("the picture cannot be opened: {0}")]
    Broken(String),
}

/// A small picture.
#[derive(Debug, Clone)]
pub struct Thumbnail {
    /// It, as JPEG on white.
    pub jpeg: Vec<u8>,
    /// Pixels of the picture that it stands for, as people see it.
    pub of_width: u32,
    /// The same.
    pub of_height: u32,
}

/// The quality of small pictures, of a hundred: they are looked at, not printed.
const SMALL_QUALITY: u8 = 75;

/// A small picture whose sides have at most `longest` pixels, of one that has at most `most` pixels.
///
/// # Errors
/// [`Fault`]; never a panic, whatever the bytes are.
pub fn thumbnail(bytes: &[u8], format: Format, longest: u32, most: u64) -> Result<Thumbnail, Fault> {
    let whole = open(bytes, format, most)?;
    let (of_width, of_height) = (whole.width(), whole.height());
    let small = if of_width.max(of_height) > longest { whole.thumbnail(longest, longest) } else { whole };
    Ok(Thumbnail { jpeg: jpeg(&small, SMALL_QUALITY)?, of_width, of_height })
}

/// A picture that WhatsApp takes.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The file, without a word about who took it, where and with what.
    pub bytes: Vec<u8>,
    /// JPEG or PNG.
    pub format: Format,
    /// Pixels, as people see it.
    pub width: u32,
    /// The same.
    pub height: u32,
}

/// The longest side of a picture that is sent, in pixels: WhatsApp's own high quality shows no more.
const LONGEST_SENT: u32 = 4096;
/// From good to bearable.
const QUALITIES: [u8; 4] = [88, 80, 70, 60];

/// Write a picture anew as JPEG, or as PNG where parts of it are transparent, in at most `largest` bytes: turned as people
/// see it, with nothing but its pixels, smaller where it is too large.
///
/// # Errors
/// As [`thumbnail`].
pub fn prepare(bytes: &[u8], format: Format, largest: usize, most: u64) -> Result<Prepared, Fault> {
    let mut picture = open(bytes, format, most)?;
    if picture.width().max(picture.height()) > LONGEST_SENT {
        picture = picture.resize(LONGEST_SENT, LONGEST_SENT, FilterType::Triangle);
    }
    if is_transparent(&picture) {
        let png = png(&picture)?;
        if png.len() <= largest {
            return Ok(Prepared {
                bytes: png,
                format: Format::Png,
                width: picture.width(),
                height: picture.height(),
            });
        }
    }
    loop {
        for quality in QUALITIES {
            let bytes = jpeg(&picture, quality)?;
            if bytes.len() <= largest {
                let (width, height) = (picture.width(), picture.height());
                return Ok(Prepared { bytes, format: Format::Jpeg, width, height });
            }
        }
        let (width, height) = (picture.width() / 4 * 3, picture.height() / 4 * 3);
        if width < 16 || height < 16 {
            return Err(Fault::Broken("it does not become small enough".to_owned()));
        }
        picture = picture.resize(width, height, FilterType::Triangle);
    }
}

/// Open a picture and turn it as people see it.
fn open(bytes: &[u8], format: Format, most: u64) -> Result<DynamicImage, Fault> {
    match format.of_image() {
        Some(format) => open_usual(bytes, format, most),
        None => open_heic(bytes, most),
    }
}

fn open_usual(bytes: &[u8], format: ImageFormat, most: u64) -> Result<DynamicImage, Fault> {
    let broken = |error: image::ImageError| Fault::Broken(error.to_string());
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    // Pixels of four channels with eight bits each, and as much again for the decoder's own work.
    limits.max_alloc = Some(most.saturating_mul(8));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(broken)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > most {
        return Err(Fault::TooManyPixels);
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(broken)?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn open_heic(bytes: &[u8], most: u64) -> Result<DynamicImage, Fault> {
    // One core: the others serve people.
    let options = heifer::Options { max_threads: 1, max_pixels: usize_or_max(most) };
    let decoded = heifer::decode_with_options(bytes, &options).map_err(|error| {
        let text = error.to_string();
        // Its limit is one of many reasons that its errors do not tell apart in a type of their own.
        if ["too large", "larger than", "pixels"].iter().any(|word| text.contains(word)) {
            Fault::TooManyPixels
        } else {
            Fault::Broken(text)
        }
    })?;
    let (width, height) = (side(decoded.width)?, side(decoded.height)?);
    let rgb = image::RgbImage::from_raw(width, height, decoded.to_rgb8());
    rgb.map(DynamicImage::ImageRgb8).ok_or_else(|| Fault::Broken("its pixels are not all there".to_owned()))
}

fn side<T: TryInto<u32>>(pixels: T) -> Result<u32, Fault> {
    pixels.try_into().map_err(|_| Fault::TooManyPixels)
}

fn usize_or_max<T: TryFrom<u64> + From<u32>>(number: u64) -> T {
    T::try_from(number).unwrap_or_else(|_| T::from(u32::MAX))
}

fn is_transparent(picture: &DynamicImage) -> bool {
    picture.color().has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel.0[3] < 255)
}

fn png(picture: &DynamicImage) -> Result<Vec<u8>, Fault> {
    let mut bytes = Cursor::new(Vec::new());
    let plain = DynamicImage::ImageRgba8(picture.to_rgba8());
    plain.write_to(&mut bytes, ImageFormat::Png).map_err(|error| Fault::Broken(error.to_string()))?;
    Ok(bytes.into_inner())
}

/// JPEG knows no transparency: what is transparent becomes white.
fn jpeg(picture: &DynamicImage, quality: u8) -> Result<Vec<u8>, Fault> {
    let flat = if picture.color().has_alpha() {
        let mut white =
            image::RgbaImage::from_pixel(picture.width(), picture.height(), image::Rgba([255; 4]));
        image::imageops::overlay(&mut white, &picture.to_rgba8(), 0, 0);
        DynamicImage::ImageRgba8(white).to_rgb8()
    } else {
        picture.to_rgb8()
    };
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, quality)
        .encode_image(&flat)
        .map_err(|error| Fault::Broken(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
