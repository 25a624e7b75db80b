/* A photo is made small before it travels, so that it passes where the signal is bad; one that cannot be is sent as it
   is. The form works without this file. */
(() => {
  "use strict";

  const PHOTO_SIDE = 1600;
  const photo = document.querySelector("input[type=file][name=photo]");
  if (photo) photo.addEventListener("change", async () => {
    const preview = document.querySelector("[data-preview]");
    const file = photo.files[0];
    preview.hidden = true;
    if (!file) return;
    try {
      const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, PHOTO_SIDE / Math.max(picture.width, picture.height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.round(picture.width * scale);
      canvas.height = Math.round(picture.height * scale);
      canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
      const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.82));
      if (small && (small.size < file.size || scale < 1)) {
        const carrier = new DataTransfer();
        carrier.items.add(new File([small], "photo.jpg", { type: "image/jpeg" }));
        photo.files = carrier.files;
      }
      preview.src = URL.createObjectURL(small || file);
      preview.hidden = false;
    } catch {
      preview.hidden = true; // not a picture this browser reads: the server will say so if it is none
    }
  });
})();
