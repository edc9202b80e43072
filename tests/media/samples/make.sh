#!/bin/sh
# Makes every file here anew; see README.md. The bytes differ from one version of a program to the next.
set -eu
cd "$(dirname "$0")"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
scene="$scratch/scene.png"
im=/usr/bin/convert
ff() { ffmpeg -v error -y "$@"; }
scrub() { exiftool -q -overwrite_original "$@"; }

# The scene: left half red, right half navy, a white disc near the upper left corner.
$im -size 96x64 xc:navy -fill red -draw 'rectangle 0,0 47,63' \
    -fill white -draw 'circle 16,16 16,8' -strip "$scene"

# ImageMagick
$im "$scene" plain.png
$im "$scene" PNG48:deep.png
$im "$scene" -alpha set -channel A -evaluate set 50% +channel clear.png
$im "$scene" -quality 90 plain.jpg
$im "$scene" -quality 90 -interlace JPEG progressive.jpg
$im "$scene" -quality 90 -colorspace CMYK cmyk.jpg
$im "$scene" -quality 90 -colorspace gray grey.jpg
$im "$scene" -colorspace CMYK -compress LZW cmyk.tiff
$im "$scene" -depth 16 -compress zip -endian msb deep.tiff
$im "$scene" -compress zip -define tiff:tile-geometry=32x32 tiled.tiff
$im "$scene" -threshold 50% -compress Group4 fax.tiff
$im -delay 10 "$scene" \( "$scene" -negate \) -loop 0 moving.gif
$im "$scene" BMP3:plain.bmp
$im "$scene" -quality 80 plain.webp
$im "$scene" -define webp:lossless=true exact.webp
$im -delay 10 "$scene" \( "$scene" -negate \) -loop 0 moving.webp

# ImageMagick, then ExifTool: as a phone that was held upright writes a photo, with where and what.
$im "$scene" -rotate -90 -quality 90 turned.jpg
place='-GPSLatitude=52.5163 -GPSLatitudeRef=N -GPSLongitude=13.3777 -GPSLongitudeRef=E'
# shellcheck disable=SC2086  # several arguments on purpose
scrub -n -Orientation=6 $place -Make=Example -Model=Phone -Comment=secret -XMP:City=secret turned.jpg
$im "$scene" -rotate 180 -compress lzw turned.tiff
scrub -n -Orientation=3 -ImageDescription=secret turned.tiff

# libheif: HEIC, with transparency. pillow-heif: turned by its container, as phones do. FFmpeg: AVIF
heif-enc -q 90 -o plain.heic "$scene" >/dev/null 2>&1
python3 -c 'from PIL import Image; import pillow_heif; pillow_heif.register_heif_opener()
photo = Image.open("turned.jpg"); photo.save("turned.heic", exif=photo.info["exif"], quality=90)'
heif-enc -q 90 -o clear.heic clear.png >/dev/null 2>&1
ffmpeg -v error -y -i "$scene" -c:v libaom-av1 -still-picture 1 -pix_fmt yuv420p plain.avif
ffmpeg -v error -y -i deep.png -c:v libaom-av1 -still-picture 1 -pix_fmt yuv420p10le deep.avif

# FFmpeg: one second of the scene with a tone
film() { ff -loop 1 -framerate 12 -t 1 -i "$scene" -f lavfi -t 1 -i sine=440:48000 -shortest "$@"; }
x264='-c:v libx264 -pix_fmt yuv420p -c:a aac -b:a 48k'
x265='-c:v libx265 -x265-params log-level=none'
# shellcheck disable=SC2086  # as above
{
film $x264 -metadata location=+52.5163+013.3777/ -metadata comment=secret -movflags +faststart plain.mp4
film $x265 -pix_fmt yuv420p -tag:v hvc1 -c:a aac -b:a 48k -movflags use_metadata_tags \
    -metadata com.apple.quicktime.location.ISO6709=+52.5163+013.3777+034.000/ \
    -metadata com.apple.quicktime.make=secret phone.mov
film $x264 -c:a pcm_s16le -ar 8000 -metadata location=+52.5163+013.3777/ camera.mov
film -c:v prores_ks -profile:v 0 -pix_fmt yuv422p10le -c:a pcm_s16le -ar 8000 studio.mov
ff -i plain.mp4 -c copy -bsf:v h264_metadata=video_full_range_flag=1 -metadata:s:v rotate=90 turned.mp4
film $x264 -movflags frag_keyframe+empty_moov fragmented.mp4
film -c:v libvpx-vp9 -pix_fmt yuv420p -c:a libopus -b:a 32k -metadata title=secret plain.webm
film -c:v libvpx -c:a libvorbis -ar 44100 old.webm
film $x264 -metadata title=secret plain.mkv
film -c:v libtheora -c:a libvorbis -q:a 0 plain.ogv
film -c:v mpeg4 -c:a libmp3lame -b:a 32k plain.avi
film -c:v h263 -s 128x96 -c:a aac -ar 16000 -ac 1 -b:a 16k feature.3gp
for curve in smpte2084 arib-std-b67; do
    hdr="colorprim=bt2020:transfer=$curve:colormatrix=bt2020nc:range=limited"
    film -c:v libx265 -x265-params "log-level=none:$hdr" -pix_fmt yuv420p10le -tag:v hvc1 -c:a aac \
        -b:a 48k -color_primaries bt2020 -color_trc $curve -colorspace bt2020nc "$curve.mov"
done
}
mv smpte2084.mov hdr10.mov
mv arib-std-b67.mov hlg.mov
